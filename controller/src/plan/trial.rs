//! Trials: what may help a refused cell is tried in another guest.

use crate::store::cells::{NewCell, Trial};
use domain::change;
use domain::id::CellId;
use domain::verdict::CellVerdict;

/// The trial of a cell with this answer, if anything may help it.
pub(crate) fn of(cell: &NewCell, answer: &CellVerdict) -> Option<NewCell> {
    let changes = answer.changes();
    (!changes.is_empty()).then(|| NewCell {
        id: CellId::new(),
        axes: change::environment(&changes, cell.axes.clone()),
        required: false,
        trial: Some(Trial { of: cell.id, changes }),
        ..cell.clone()
    })
}
