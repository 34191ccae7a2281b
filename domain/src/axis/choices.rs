//! Several values of some axes.

use super::{Axes, AxisError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Environments one run asks about for each object and kernel.
pub const COMBINATIONS_MAX: usize = 64;

/// What is asked for of each axis; an axis that is not named has its usual value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AxisChoices(BTreeMap<String, Vec<String>>);

impl AxisChoices {
    /// Asks for one more value of an axis.
    ///
    /// # Errors
    /// There is no such axis, or it has no such value.
    pub fn choose(&mut self, name: &str, value: &str) -> Result<(), AxisError> {
        Axes::default().with(name, value)?;
        let values = self.0.entry(name.to_owned()).or_default();
        if !values.iter().any(|one| one == value) {
            values.push(value.to_owned());
        }
        Ok(())
    }

    /// These choices, and those of `others` for the axes that are not among them.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let mut all = others.0.clone();
        all.extend(self.0.clone());
        Self(all)
    }

    /// Each axis with its values as they are typed, `cpus=1,4`.
    pub fn typed(&self) -> Vec<String> {
        self.0.iter().map(|(name, values)| format!("{name}={}", values.join(","))).collect()
    }

    /// Every combination, each once; the usual environment alone where nothing is chosen.
    ///
    /// # Errors
    /// There are too many, or a choice came from elsewhere and means nothing.
    pub fn combinations(&self) -> Result<Vec<Axes>, AxisError> {
        let count = self.0.values().map(Vec::len).fold(1, usize::saturating_mul);
        if count > COMBINATIONS_MAX {
            return Err(AxisError::Combinations(count));
        }
        let mut all = vec![Axes::default()];
        for (name, values) in &self.0 {
            let with =
                |axes: &Axes| values.iter().map(|value| axes.clone().with(name, value)).collect::<Vec<_>>();
            all = all.iter().flat_map(with).collect::<Result<_, _>>()?;
        }
        let mut distinct: Vec<Axes> = Vec::new();
        for axes in all {
            if !distinct.contains(&axes) {
                distinct.push(axes);
            }
        }
        Ok(distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(chosen: &[(&str, &str)]) -> AxisChoices {
        let mut choices = AxisChoices::default();
        for (name, value) in chosen {
            choices.choose(name, value).expect("a value of an axis");
        }
        choices
    }

    #[test]
    fn every_combination_is_asked_about_once() {
        assert_eq!(AxisChoices::default().combinations(), Ok(vec![Axes::default()]));
        let typed = choices(&[("cpus", "1"), ("cpus", "2"), ("cpus", "2")]);
        let declared =
            choices(&[("cpus", "4"), ("memlock", "64K"), ("memlock", "65536"), ("lockdown", "integrity")]);
        let asked = typed.or(&declared).combinations().expect("a few");
        let told: Vec<String> = asked.iter().map(Axes::unusual).collect();
        assert_eq!(told, ["lockdown=integrity memlock=65536", "cpus=2 lockdown=integrity memlock=65536"]);
    }

    #[test]
    fn too_many_are_refused() {
        let mut chosen = AxisChoices::default();
        for bytes in 0..=COMBINATIONS_MAX {
            chosen.choose("memlock", &bytes.to_string()).expect("a limit");
        }
        assert_eq!(chosen.combinations(), Err(AxisError::Combinations(COMBINATIONS_MAX + 1)));
    }
}
