//! What a registry asks for before it answers: the `WWW-Authenticate` header (RFC 9110, section 11.6.1, and the
//! token protocol of the distribution project).

/// Most bytes of such a header that are read.
const HEADER_BYTES_MAX: usize = 4096;

/// A way to say who one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// Name and password with every request.
    Basic,
    /// A token that is to be had elsewhere.
    Bearer {
        /// The URL of who gives tokens.
        realm: String,
        /// For whom the token is to be.
        service: Option<String>,
    },
}

/// Reads one header.
pub fn challenge(header: &str) -> Option<Challenge> {
    let (scheme, parameters) = header.get(..header.len().min(HEADER_BYTES_MAX))?.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let (mut realm, mut service, mut rest) = (None, None, parameters);
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = value(after)?;
        match name.trim_start_matches([',', ' ']).trim() {
            "realm" => realm = Some(value),
            "service" => service = Some(value),
            _ => {}
        }
        rest = next;
    }
    Some(Challenge::Bearer { realm: realm?, service })
}

/// A value in quotation marks or up to a comma, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    match text.trim_start().strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, rest)| (value.to_owned(), rest)),
        None => {
            let end = text.find(',').unwrap_or(text.len());
            Some((text[..end].trim().to_owned(), &text[end..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn challenges_that_registries_send() {
        let bearer = |realm: &str, service: Option<&str>| {
            let service = service.map(str::to_owned);
            Some(Challenge::Bearer { realm: realm.to_owned(), service })
        };
        for (header, expected) in [
            ("Basic realm=\"Registry Realm\"", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://a.example/token\",service=\"r.example\",scope=\"repository:a/b:pull,push\"",
                bearer("https://a.example/token", Some("r.example")),
            ),
            ("bearer service=x, realm=https://a.example/t", bearer("https://a.example/t", Some("x"))),
            ("Bearer realm=\"https://a", None),
            ("Bearer service=\"x\"", None),
            ("Negotiate abc", None),
            ("", None),
        ] {
            assert_eq!(challenge(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_ends(header in ".{0,200}") {
            drop(challenge(&format!("Bearer {header}")));
            drop(challenge(&header));
        }
    }
}
