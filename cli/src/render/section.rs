//! Sections of a Markdown document that are folded away until somebody opens them.

/// One of them.
pub(super) struct Section {
    pub(super) title: String,
    /// Lines that are always there, such as the head of a table.
    pub(super) head: Vec<String>,
    pub(super) lines: Vec<String>,
}

/// Adds the sections that say something, so that the document has at most so many lines; each gets its share.
pub(super) fn fold(document: &mut Vec<String>, sections: Vec<Section>, lines_max: usize) {
    let mut left = sections.iter().filter(|section| !section.lines.is_empty()).count();
    for section in sections.into_iter().filter(|section| !section.lines.is_empty()) {
        let room = lines_max.saturating_sub(document.len()) / left.max(1);
        document.extend(section.folded(room));
        left -= 1;
    }
}

impl Section {
    pub(super) fn new(title: &str, lines: Vec<String>) -> Self {
        Self { title: title.to_owned(), head: Vec::new(), lines }
    }

    /// In at most so many lines; none where there is no room for any.
    fn folded(self, room: usize) -> Vec<String> {
        let Self { title, head, mut lines } = self;
        let frame = [String::new(), format!("<details><summary>{title}</summary>"), String::new()];
        let room = room.saturating_sub(frame.len() + head.len() + 2);
        if room == 0 {
            return Vec::new();
        }
        if lines.len() > room {
            let more = lines.len() + 1 - room;
            lines.truncate(room - 1);
            lines.push(if head.is_empty() {
                format!("- and {more} more")
            } else {
                format!("| and {more} more |")
            });
        }
        let end = [String::new(), "</details>".to_owned()];
        frame.into_iter().chain(head).chain(lines).chain(end).collect()
    }
}
