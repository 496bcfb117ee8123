//! What traces of programs, database errors, addresses and versions look like: fixed texts, found in one pass, and for
//! those that would be found in good texts too, a look at what follows.
//!
//! Sources: the messages of the runtimes and databases themselves. Quotes, tabs and line ends are left out of the texts, as
//! JSON writes them in other ways.

use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

/// How much of an answer counts as a leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Only what no good answer has.
    Answer,
    /// All that an error does not need to say.
    Error,
}

/// What must stand around a text for it to count.
#[derive(Debug, Clone, Copy)]
enum Check {
    Always,
    /// A digit follows.
    Digit,
    /// It begins an address of a private network.
    Address,
    /// It ends the name of a program's file, and a line follows: `:12`.
    Line,
}

type Signature = (&'static str, &'static str, Check, Depth);

const PYTHON: &str = "a stack trace (Python)";
const JAVA: &str = "a stack trace (Java)";
const DOTNET: &str = "a stack trace (.NET)";
const NODE: &str = "a stack trace (Node.js)";
const PHP: &str = "a stack trace (PHP)";
const RUBY: &str = "a stack trace (Ruby)";
const GO: &str = "a stack trace (Go)";
const RUST: &str = "a stack trace (Rust)";
const ORACLE: &str = "an SQL error (Oracle)";
const MYSQL: &str = "an SQL error (MySQL)";
const POSTGRES: &str = "an SQL error (PostgreSQL)";
const SQLITE: &str = "an SQL error (SQLite)";
const MSSQL: &str = "an SQL error (SQL Server)";
const PLACE: &str = "a path of the inside";
const HOST: &str = "an address of the inside";
const VERSION: &str = "a version of the inside";

const SIGNATURES: &[Signature] = &[
    ("Traceback (most recent call last)", PYTHON, Check::Always, Depth::Answer),
    ("site-packages/", PYTHON, Check::Always, Depth::Answer),
    (".py\", line ", PYTHON, Check::Digit, Depth::Answer),
    (".py\\\", line ", PYTHON, Check::Digit, Depth::Answer),
    ("Exception in thread ", JAVA, Check::Always, Depth::Answer),
    ("at java.base/", JAVA, Check::Always, Depth::Answer),
    ("at org.springframework.", JAVA, Check::Always, Depth::Answer),
    ("at org.apache.", JAVA, Check::Always, Depth::Answer),
    ("java.lang.", JAVA, Check::Always, Depth::Error),
    (".java:", JAVA, Check::Digit, Depth::Answer),
    (".kt:", JAVA, Check::Digit, Depth::Answer),
    ("at System.", DOTNET, Check::Always, Depth::Error),
    ("at Microsoft.AspNetCore.", DOTNET, Check::Always, Depth::Answer),
    (".cs:line ", DOTNET, Check::Digit, Depth::Answer),
    ("System.NullReferenceException", DOTNET, Check::Always, Depth::Answer),
    ("System.InvalidOperationException", DOTNET, Check::Always, Depth::Answer),
    ("at Object.<anonymous>", NODE, Check::Always, Depth::Answer),
    ("at Module._compile", NODE, Check::Always, Depth::Answer),
    ("node:internal/", NODE, Check::Always, Depth::Answer),
    ("/node_modules/", NODE, Check::Always, Depth::Answer),
    (".js:", NODE, Check::Line, Depth::Answer),
    (".ts:", NODE, Check::Line, Depth::Answer),
    ("PHP Fatal error", PHP, Check::Always, Depth::Answer),
    ("Fatal error: Uncaught", PHP, Check::Always, Depth::Answer),
    ("</b> on line <b>", PHP, Check::Always, Depth::Answer),
    (".php on line ", PHP, Check::Digit, Depth::Answer),
    (".php(", PHP, Check::Digit, Depth::Answer),
    ("ActiveRecord::", RUBY, Check::Always, Depth::Answer),
    ("ActionController::", RUBY, Check::Always, Depth::Answer),
    (".rb:", RUBY, Check::Digit, Depth::Answer),
    ("[running]:", GO, Check::Always, Depth::Answer),
    ("runtime error: ", GO, Check::Always, Depth::Answer),
    (".go:", GO, Check::Digit, Depth::Answer),
    ("' panicked at ", RUST, Check::Always, Depth::Answer),
    ("RUST_BACKTRACE", RUST, Check::Always, Depth::Answer),
    ("ORA-", ORACLE, Check::Digit, Depth::Answer),
    ("PLS-", ORACLE, Check::Digit, Depth::Answer),
    ("oracle.jdbc.", ORACLE, Check::Always, Depth::Answer),
    ("You have an error in your SQL syntax", MYSQL, Check::Always, Depth::Answer),
    ("MySQLSyntaxErrorException", MYSQL, Check::Always, Depth::Answer),
    ("mysqli_", MYSQL, Check::Always, Depth::Error),
    ("com.mysql.", MYSQL, Check::Always, Depth::Answer),
    ("pymysql.", MYSQL, Check::Always, Depth::Answer),
    ("SQLSTATE[", MYSQL, Check::Always, Depth::Answer),
    ("for key 'PRIMARY'", MYSQL, Check::Always, Depth::Answer),
    ("PSQLException", POSTGRES, Check::Always, Depth::Answer),
    ("org.postgresql.", POSTGRES, Check::Always, Depth::Answer),
    ("psycopg", POSTGRES, Check::Always, Depth::Error),
    ("pg_query()", POSTGRES, Check::Always, Depth::Answer),
    ("syntax error at or near", POSTGRES, Check::Always, Depth::Answer),
    ("unterminated quoted string at or near", POSTGRES, Check::Always, Depth::Answer),
    ("violates unique constraint", POSTGRES, Check::Always, Depth::Answer),
    ("sqlite3.", SQLITE, Check::Always, Depth::Error),
    ("SQLite3::", SQLITE, Check::Always, Depth::Answer),
    ("SQLITE_ERROR", SQLITE, Check::Always, Depth::Answer),
    (": syntax error", SQLITE, Check::Always, Depth::Error),
    ("unrecognized token: ", SQLITE, Check::Always, Depth::Answer),
    ("no such table: ", SQLITE, Check::Always, Depth::Answer),
    ("no such column: ", SQLITE, Check::Always, Depth::Answer),
    ("UNIQUE constraint failed: ", SQLITE, Check::Always, Depth::Answer),
    ("Unclosed quotation mark after the character string", MSSQL, Check::Always, Depth::Answer),
    ("System.Data.SqlClient.", MSSQL, Check::Always, Depth::Answer),
    ("Microsoft SQL Server", MSSQL, Check::Always, Depth::Error),
    ("ODBC SQL Server Driver", MSSQL, Check::Always, Depth::Answer),
    ("SQLServerException", MSSQL, Check::Always, Depth::Answer),
    ("/home/", PLACE, Check::Always, Depth::Error),
    ("/usr/lib", PLACE, Check::Always, Depth::Error),
    ("/usr/local/", PLACE, Check::Always, Depth::Error),
    ("/var/www/", PLACE, Check::Always, Depth::Error),
    ("/var/lib/", PLACE, Check::Always, Depth::Error),
    ("/etc/passwd", PLACE, Check::Always, Depth::Error),
    ("C:\\", PLACE, Check::Always, Depth::Error),
    ("10.", HOST, Check::Address, Depth::Error),
    ("127.", HOST, Check::Address, Depth::Error),
    ("172.", HOST, Check::Address, Depth::Error),
    ("192.168.", HOST, Check::Address, Depth::Error),
    ("169.254.", HOST, Check::Address, Depth::Error),
    (".svc.cluster.local", HOST, Check::Always, Depth::Error),
    ("localhost:", HOST, Check::Digit, Depth::Error),
    ("nginx/", VERSION, Check::Digit, Depth::Error),
    ("Apache/", VERSION, Check::Digit, Depth::Error),
    ("Apache Tomcat/", VERSION, Check::Digit, Depth::Error),
    ("Microsoft-IIS/", VERSION, Check::Digit, Depth::Error),
    ("Werkzeug/", VERSION, Check::Digit, Depth::Error),
    ("gunicorn/", VERSION, Check::Digit, Depth::Error),
    ("PHP/", VERSION, Check::Digit, Depth::Error),
    ("openresty/", VERSION, Check::Digit, Depth::Error),
    ("Jetty/", VERSION, Check::Digit, Depth::Error),
];

static ALL: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| finder(Depth::Error));
static CERTAIN: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| finder(Depth::Answer));

fn of(depth: Depth) -> impl Iterator<Item = &'static Signature> {
    SIGNATURES.iter().filter(move |signature| depth == Depth::Error || signature.3 == Depth::Answer)
}

/// `None` could only be for too many texts: the list is what it is, and a test builds it.
fn finder(depth: Depth) -> Option<AhoCorasick> {
    AhoCorasick::builder().match_kind(MatchKind::Standard).build(of(depth).map(|signature| signature.0)).ok()
}

/// What a text tells of the inside, if it does.
pub(super) fn find(text: &[u8], depth: Depth) -> Option<&'static str> {
    let finder = match depth {
        Depth::Error => ALL.as_ref(),
        Depth::Answer => CERTAIN.as_ref(),
    }?;
    finder.find_overlapping_iter(text).find_map(|found| {
        let (_, what, check, _) = of(depth).nth(found.pattern().as_usize())?;
        holds(*check, text, found.start(), found.end()).then_some(*what)
    })
}

fn holds(check: Check, text: &[u8], start: usize, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let digit = rest.first().is_some_and(u8::is_ascii_digit);
    match check {
        Check::Always => true,
        Check::Digit => digit,
        Check::Line => digit && text.get(start.saturating_sub(1)).is_some_and(u8::is_ascii_alphanumeric),
        Check::Address => is_private(text, start),
    }
}

/// Whether four numbers stand here, the address of a private network or of the machine itself, and no version.
fn is_private(text: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|before| text.get(before));
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let written = rest.get(..length).and_then(|address| std::str::from_utf8(address).ok()).unwrap_or("");
    let address = written.trim_end_matches('.').parse::<std::net::Ipv4Addr>();
    let inside = |address: std::net::Ipv4Addr| address.is_private() || address.is_loopback() || address.is_link_local();
    !before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.') && address.is_ok_and(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trace_and_error_is_known() {
        for (text, what) in [
            ("Traceback (most recent call last):\n  File", PYTHON),
            ("java.lang.NullPointerException\n\tat com.shop.Books.get(Books.java:12)", JAVA),
            ("System.Exception: x\n   at Shop.Get() in Books.cs:line 7", DOTNET),
            ("Error: x\n    at get (/srv/books.js:12:7)", NODE),
            ("<b>Warning</b>: x in <b>/srv/a.php</b> on line <b>7</b>", PHP),
            ("app/models/book.rb:12:in `get'", RUBY),
            ("goroutine 1 [running]:\nmain.main()", GO),
            ("thread 'main' panicked at src/main.rs:1", RUST),
            ("ORA-00933: SQL command not properly ended", ORACLE),
            ("You have an error in your SQL syntax; check the manual", MYSQL),
            ("ERROR:  syntax error at or near \"'\"", POSTGRES),
            ("sqlite3.OperationalError: near", SQLITE),
            ("Unclosed quotation mark after the character string ''.", MSSQL),
            ("cannot open /home/shop/books.db", PLACE),
            ("connect ECONNREFUSED 10.0.0.7:5432", HOST),
            ("http://books.shop.svc.cluster.local", HOST),
            ("Server: nginx/1.18.0", VERSION),
        ] {
            assert_eq!(find(text.as_bytes(), Depth::Error), Some(what), "{text}");
        }
    }

    #[test]
    fn plain_words_about_the_same_things_are_none() {
        for text in [
            "The request is not valid: quantity must be at least 1",
            "There is no book called Java in a Nutshell",
            "see https://docs.example.com/errors/10.2 for more",
            "version 10.4.2.1999 of the contract",
            "8.8.8.8 is not allowed",
            "at system start, at least 10.5 EUR",
            "{\"code\":\"not-found\",\"path\":\"/books/7\"}",
            "The orange ORA-nge",
        ] {
            assert_eq!(find(text.as_bytes(), Depth::Error), None, "{text}");
        }
    }
}
