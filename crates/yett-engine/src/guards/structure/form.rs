//! Forms by their `&` and `=`, as they are written.

use crate::xml::Fault;
use yett_model::snapshot::StructureGuard;

/// Holds a form against the limits.
pub(super) fn hold(bytes: &[u8], limits: &StructureGuard) -> Result<(), Fault> {
    for (index, field) in bytes.split(|byte| *byte == b'&').enumerate() {
        if index >= limits.max_fields as usize {
            return Err(Fault::Exceeds("has too many fields"));
        }
        let name = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        if name > limits.max_key_bytes as usize {
            return Err(Fault::Exceeds("has a name that is too long"));
        }
        if (field.len() - name).saturating_sub(1) as u64 > limits.max_string_bytes {
            return Err(Fault::Exceeds("has a field that is too long"));
        }
    }
    Ok(())
}
