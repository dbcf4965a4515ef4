//! Symbolic links that lead out of their project.

use pymono_names::TreePath;

use crate::{Warning, ground::Ground};

/// Returns a warning for each link in one of the wanted projects that leads to a place outside
/// of it: a build sees its project's files, and of such a link nothing but where it leads.
pub(crate) fn warnings(ground: &Ground<'_>, wanted: impl Fn(&TreePath) -> bool) -> Vec<Warning> {
    let mut found = Vec::new();
    for (link, target) in ground.tree.links() {
        let Some(home) = ground.home(link).filter(&wanted) else { continue };
        let place = ground.tree.resolve(link, target);
        if place.as_ref().and_then(|place| ground.home(place)).as_ref() != Some(&home) {
            let place = place.map_or_else(|| target.to_string(), |place| place.to_string());
            found.push(Warning::new(format!(
                "`{link}` is a link to `{place}`, outside of the project in `{home}`: a build does not see what lies there"
            )));
        }
    }
    found
}
