//! Secrets stay out of what is shown.

/// The URL with what may be a password replaced: before the `@`, and in the parameters.
pub fn without_password(url: &str) -> String {
    let (url, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut shown = match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((before, host))) => {
            let user = before[scheme.len() + 3..].split(':').next().unwrap_or_default();
            let hidden = if before[scheme.len() + 3..].contains(':') { ":***" } else { "" };
            format!("{scheme}://{user}{hidden}@{host}")
        }
        (Some(_) | None, _) => url.to_owned(),
    };
    let mut sign = '?';
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        shown.push(sign);
        shown.push_str(if parameter.starts_with("password") { "password=***" } else { parameter });
        sign = '&';
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (url, shown) in [
            ("postgres://me:secret@db:5432/x", "postgres://me:***@db:5432/x"),
            ("postgres://me@db/x", "postgres://me@db/x"),
            ("postgres://me:se@cret@db/x", "postgres://me:***@db/x"),
            ("https://me:secret@mirror/debian", "https://me:***@mirror/debian"),
            ("mirror/debian", "mirror/debian"),
            (
                "postgres:///x?host=/run&password=secret&user=me",
                "postgres:///x?host=/run&password=***&user=me",
            ),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
