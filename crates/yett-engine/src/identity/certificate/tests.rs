use super::*;
use data_encoding::BASE64;
use proptest::prelude::*;

/// `C=GB, O=Example Ltd, CN=orders` with a DNS name, a URI, a mail address and an IP address.
const CERTIFICATE: &str = "\
    MIICEDCCAbWgAwIBAgIUfs6c/NMr7JM4+hjYlCWwnNBW+DcwCgYIKoZIzj0EAwIwNDELMAkGA1UEBhMCR0IxFDASBgNVBAoMC0V4YW1wbGUgTH \
    RkMQ8wDQYDVQQDDAZvcmRlcnMwIBcNMjYxMTI0MTI1MDU3WhgPMjEyNjEwMzExMjUwNTdaMDQxCzAJBgNVBAYTAkdCMRQwEgYDVQQKDAtFeGFt \
    cGxlIEx0ZDEPMA0GA1UEAwwGb3JkZXJzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+dTeQEv420atSCtmQKO+41CvxUQkPmGfIt5CHpOOfE \
    jvOVyg8t/L/baaT+tQ1XE46RSaIHvsbe4YTkpHcTVZ7aOBojCBnzAdBgNVHQ4EFgQUR6V+rpsFCdyq/5nCAT8UbgegfK4wHwYDVR0jBBgwFoAU \
    R6V+rpsFCdyq/5nCAT8UbgegfK4wDwYDVR0TAQH/BAUwAwEB/zBMBgNVHREERTBDgg5PcmRlcnMuRXhhbXBsZYYXc3BpZmZlOi8vZXhhbXBsZS \
    9vcmRlcnOBEm9yZGVyc0BleGFtcGxlLmNvbYcEfwAAATAKBggqhkjOPQQDAgNJADBGAiEA/ngOPlcB6Uf3BkvyRh+XeGsybNSzmU2xxxVbdHDV \
    b2ICIQDpvQ1vcaiflT4qCbJMMc0Cuctd9i9Fe4VfDRaGpg1y2A== \
";

fn der() -> Vec<u8> {
    BASE64.decode(CERTIFICATE.replace(' ', "").as_bytes()).unwrap()
}

#[test]
fn a_certificate_tells_who_its_subject_is() {
    let read = ClientCertificate::read(&der(), Arc::new([[1; 32]]));
    assert_eq!(read.subject.unwrap().to_string(), "CN=orders,O=Example Ltd,C=GB");
    let names = [
        OtherName::Dns("orders.example".to_owned()),
        OtherName::Uri("spiffe://example/orders".to_owned()),
        OtherName::Email("orders@example.com".to_owned()),
    ];
    assert_eq!(read.names, names);
    assert_eq!(*read.authorities, [[1; 32]]);
    let spelled: String = read.thumbprint.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(spelled, "40b3a6de7fcc3faf4c0d01025b7ab1b1dc2bbb05a07f404a19db8ba479b6766a");
}

#[test]
fn what_is_cut_off_has_no_names() {
    let whole = der();
    for length in 0..whole.len() {
        let read = ClientCertificate::read(&whole[..length], Arc::default());
        assert!(read.subject.is_none() && read.names.is_empty(), "{length}");
    }
}

proptest! {
    #[test]
    fn reading_a_certificate_never_panics(at in 0usize..500, byte: u8) {
        let mut changed = der();
        let length = changed.len();
        changed[at % length] = byte;
        let _ = ClientCertificate::read(&changed, Arc::default());
    }
}
