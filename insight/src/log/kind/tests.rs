use super::*;

#[test]
fn the_table_is_read_and_has_every_kind() {
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::Unknown) {
        assert!(TABLE.refusal.iter().any(|entry| entry.kind == *kind), "{kind:?}");
    }
}

/// `sentences.txt`: `KIND: SENTENCE`; lines that begin with `#` say where the next ones are from.
#[test]
fn every_pattern_has_a_sentence_and_every_sentence_its_kind() {
    let mut unseen: Vec<&str> =
        TABLE.refusal.iter().flat_map(|entry| &entry.says).map(String::as_str).collect();
    for line in
        include_str!("sentences.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (kind, sentence) = line.split_once(": ").expect("KIND: SENTENCE");
        let known = known(&[sentence]).unwrap_or_else(|| panic!("unknown: {sentence}"));
        assert_eq!(known.kind.name(), kind, "{sentence}");
        let all = TABLE.refusal.iter().flat_map(|entry| &entry.says);
        let first = all.map(String::as_str).find(|pattern| matched(pattern, sentence).is_some());
        unseen.retain(|pattern| Some(*pattern) != first);
    }
    assert!(unseen.is_empty(), "no sentence for {unseen:#?}");
}

#[test]
fn names_stand_for_what_they_matched() {
    let known = known(&["R3 type=scalar expected=fp, pkt"]).expect("a kind");
    assert_eq!(known.kind, Kind::ArgumentType);
    assert_eq!(known.why, "The function takes fp, pkt in R3, and on this path R3 is scalar.");
}

#[test]
fn a_reason_uses_only_names_that_every_pattern_has() {
    for entry in &TABLE.refusal {
        let texts = [Some(&entry.why), entry.change.as_ref()];
        for text in texts.into_iter().flatten() {
            for name in text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
            {
                let lacks = entry.says.iter().find(|pattern| !pattern.contains(&format!("{{{name}}}")));
                assert_eq!(lacks, None, "{name} in {text}");
            }
        }
    }
}

#[test]
fn a_sentence_is_matched_whole() {
    assert_eq!(matched("R{r} !read_ok", "R0 !read_ok"), Some(vec![("r", "0")]));
    assert_eq!(matched("R{r} !read_ok", "R0 !read_ok twice"), None);
    assert_eq!(matched("R{r} !read_ok", "R !read_ok"), None);
    assert_eq!(matched("a{x}b{y}", "a1b2"), Some(vec![("x", "1"), ("y", "2")]));
    assert_eq!(matched("fixed", "fixed"), Some(vec![]));
    assert_eq!(known(&["no kernel says so"]), None);
}

proptest::proptest! {
    #[test]
    fn no_sentence_makes_it_panic(sentence in "(R[0-9]|invalid |mem access '|é|_or_null|'|\\{|\\}| |\\PC){0,20}") {
        let _known = known(&[&sentence]);
    }
}
