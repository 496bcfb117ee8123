//! Words that mean something in SQL.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A keyword, as it stands in a shape.
    Keyword(&'static str),
    /// A function, by the token of its call.
    Function(&'static str),
    /// A word that changes nothing.
    Nothing,
}

/// Longest word that is known.
const LONGEST: usize = 40;

/// Every word that is known, by itself: one look at a table for each word of a text.
static WORDS: LazyLock<HashMap<&'static str, Word>> = LazyLock::new(|| {
    let functions = |words: &'static [&'static str], token| words.iter().map(move |word| (*word, Word::Function(token)));
    let nothing = ["all", "distinct", "not", "binary", "distinctrow"].map(|word| (word, Word::Nothing));
    let keywords = KEYWORDS.iter().map(|(word, token)| (*word, Word::Keyword(token)));
    // The last of equals stays: keywords before functions of the same name.
    functions(FUNCTIONS, "g").chain(functions(ATTACKS, "F")).chain(nothing).chain(keywords).collect()
});

/// First letters and lengths of known words: most words of other texts are told by these.
static BEGINNINGS: LazyLock<[u64; 256]> = LazyLock::new(|| {
    let mut lengths = [0; 256];
    for word in WORDS.keys() {
        let first = word.bytes().next().map_or(0, usize::from);
        lengths.get_mut(first).into_iter().for_each(|lengths: &mut u64| *lengths |= 1 << word.len());
    }
    lengths
});

/// What a word is, in any case; `None` for all that SQL does not know.
pub(super) fn word(text: &[u8]) -> Option<Word> {
    let first = text.first()?.to_ascii_lowercase();
    let known = text.len() <= LONGEST && BEGINNINGS.get(usize::from(first))? >> text.len() & 1 == 1;
    if !known && !matches!(first, b'd' | b'u' | b'x' | b'c' | b'm' | b's') {
        return None;
    }
    let lower = text.get(..text.len().min(LONGEST))?.to_ascii_lowercase();
    let lower = std::str::from_utf8(&lower).ok()?;
    let found = if known { WORDS.get(lower).copied() } else { None };
    found.or_else(|| FAMILIES.iter().any(|start| lower.starts_with(start)).then_some(Word::Function("F")))
}

/// Beginnings of the names of functions that only administrators and attackers call.
const FAMILIES: [&str; 7] = ["dbms_", "utl_", "xp_", "ctxsys.", "master..xp_", "master.dbo.xp_", "sys.xp_"];

/// Keywords and their tokens, sorted.
const KEYWORDS: &[(&str, &str)] = &[
    ("alter", "alter"),
    ("analyse", "analyse"),
    ("and", "and"),
    ("as", "as"),
    ("asc", "asc"),
    ("begin", "begin"),
    ("between", "between"),
    ("by", "by"),
    ("call", "call"),
    ("case", "case"),
    ("collate", "collate"),
    ("commit", "commit"),
    ("convert", "convert"),
    ("create", "create"),
    ("current_timestamp", "v"),
    ("current_user", "v"),
    ("database", "database"),
    ("deallocate", "deallocate"),
    ("declare", "declare"),
    ("delay", "delay"),
    ("delete", "delete"),
    ("desc", "desc"),
    ("div", "o"),
    ("drop", "drop"),
    ("dumpfile", "dumpfile"),
    ("else", "else"),
    ("end", "end"),
    ("escape", "escape"),
    ("exec", "exec"),
    ("execute", "exec"),
    ("exists", "exists"),
    ("false", "1"),
    ("from", "from"),
    ("function", "function"),
    ("glob", "like"),
    ("grant", "grant"),
    ("group", "group"),
    ("handler", "handler"),
    ("having", "having"),
    ("if", "if"),
    ("ilike", "like"),
    ("in", "in"),
    ("index", "index"),
    ("insert", "insert"),
    ("into", "into"),
    ("is", "is"),
    ("join", "join"),
    ("kill", "kill"),
    ("like", "like"),
    ("limit", "limit"),
    ("load", "load"),
    ("login", "login"),
    ("merge", "merge"),
    ("mod", "o"),
    ("natural", "natural"),
    ("null", "1"),
    ("offset", "offset"),
    ("or", "or"),
    ("order", "order"),
    ("outfile", "outfile"),
    ("prepare", "prepare"),
    ("print", "print"),
    ("procedure", "procedure"),
    ("regexp", "like"),
    ("rename", "rename"),
    ("replace", "replace"),
    ("returning", "returning"),
    ("revoke", "revoke"),
    ("rlike", "like"),
    ("schema", "schema"),
    ("select", "select"),
    ("session_user", "v"),
    ("set", "set"),
    ("shutdown", "shutdown"),
    ("similar", "like"),
    ("sounds", "like"),
    ("system_user", "v"),
    ("table", "table"),
    ("then", "then"),
    ("time", "time"),
    ("top", "top"),
    ("trigger", "trigger"),
    ("true", "1"),
    ("truncate", "truncate"),
    ("union", "union"),
    ("unknown", "1"),
    ("update", "update"),
    ("user", "user"),
    ("using", "using"),
    ("values", "values"),
    ("view", "view"),
    ("waitfor", "waitfor"),
    ("when", "when"),
    ("where", "where"),
    ("with", "with"),
    ("xor", "or"),
];

/// Functions that hardly anybody but attackers calls through a parameter, sorted.
const ATTACKS: &[&str] = &[
    "benchmark",
    "crypt_key",
    "database_to_xml",
    "drithsx.sn",
    "extractvalue",
    "geometrycollection",
    "group_concat",
    "gtid_subset",
    "gtid_subtract",
    "httpuritype",
    "json_keys",
    "lo_export",
    "lo_import",
    "load_data_infile",
    "load_extension",
    "load_file",
    "make_set",
    "multilinestring",
    "multipoint",
    "multipolygon",
    "name_const",
    "opendatasource",
    "openrowset",
    "pg_ls_dir",
    "pg_read_file",
    "pg_sleep",
    "pg_sleep_for",
    "query_to_xml",
    "randomblob",
    "receive_message",
    "regexp_substring",
    "row_count",
    "sleep",
    "sp_configure",
    "sp_executesql",
    "sp_oacreate",
    "sp_oamethod",
    "sp_password",
    "sys_eval",
    "sys_exec",
    "updatexml",
    "xmltype",
    "xp_cmdshell",
    "xp_dirtree",
    "xp_regread",
];

/// Functions of databases, sorted.
const FUNCTIONS: &[&str] = &[
    "abs",
    "aes_encrypt",
    "array_agg",
    "ascii",
    "avg",
    "bin",
    "bitand",
    "cast",
    "ceil",
    "char",
    "char_length",
    "chr",
    "coalesce",
    "col_length",
    "compress",
    "concat",
    "concat_ws",
    "conv",
    "convert",
    "count",
    "crc32",
    "current_database",
    "current_setting",
    "current_user",
    "database",
    "datalength",
    "db_name",
    "decode",
    "des_encrypt",
    "elt",
    "encode",
    "exp",
    "field",
    "floor",
    "from_base64",
    "generate_series",
    "getdate",
    "greatest",
    "has_dbaccess",
    "hex",
    "host_name",
    "ifnull",
    "iif",
    "instr",
    "is_srvrolemember",
    "isnull",
    "json_depth",
    "json_extract",
    "json_object",
    "last_insert_id",
    "lcase",
    "least",
    "left",
    "length",
    "linestring",
    "listagg",
    "locate",
    "lower",
    "lpad",
    "max",
    "md5",
    "mid",
    "min",
    "nchar",
    "now",
    "nullif",
    "nvl",
    "object_id",
    "object_name",
    "ord",
    "point",
    "polygon",
    "position",
    "pow",
    "power",
    "quotename",
    "rand",
    "repeat",
    "reverse",
    "right",
    "round",
    "row",
    "rpad",
    "schema",
    "session_user",
    "sha1",
    "sha2",
    "sign",
    "sqrt",
    "strcmp",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "suser_name",
    "suser_sname",
    "sysdate",
    "system_user",
    "to_base64",
    "trim",
    "ucase",
    "unhex",
    "upper",
    "user",
    "user_name",
    "uuid",
    "version",
    "xmlagg",
];
