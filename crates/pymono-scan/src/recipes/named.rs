//! Dockerfiles that the configuration names.

use pymono_names::TreePath;
use pymono_recipe::{Asked, Image, NoStage};

use super::{Recipes, read};
use crate::{Place, ScanError, config::NamedDockerfile};

impl Recipes<'_> {
    /// Returns the image of a Dockerfile that the configuration of a folder names.
    pub(super) fn named(
        &mut self,
        folder: &TreePath,
        named: &NamedDockerfile,
        place: &Place,
    ) -> Result<Image, ScanError> {
        let wrong = |problem: String, hint: Option<String>| ScanError::Value {
            place: place.clone(),
            problem,
            hint,
        };
        let outside = |text: &str| {
            let hint = format!("paths are seen from the service's folder, `{folder}`");
            wrong(format!("`{text}` leads out of the repository"), Some(hint))
        };
        let within = |text: &str| folder.join(text).map_err(|_| outside(text));
        let dockerfile = within(&named.path)?;
        let context = named.context.as_deref().map(within).transpose()?;
        if !self.tree.has(&dockerfile) {
            let hint = format!("the path is seen from the service's folder, `{folder}`");
            return Err(wrong(format!("there is no file `{dockerfile}`"), Some(hint)));
        }
        if let Some(context) = context.as_ref().filter(|it| !self.tree.folders().contains(it)) {
            return Err(wrong(format!("the context `{context}` is no folder of the tree"), None));
        }
        if !self.read.contains_key(&dockerfile) {
            let recipe = read::dockerfile(self.tree, &dockerfile).map_err(|error| {
                wrong(format!("`{dockerfile}` is not understood: {error}"), None)
            })?;
            self.read.insert(dockerfile.clone(), recipe);
        }
        let asked = Asked {
            folder,
            dockerfile: &dockerfile,
            target: named.target.as_deref(),
            context: context.as_ref(),
            args: &named.args,
        };
        let image = match pymono_recipe::asked(&self.read, &self.surroundings(), asked) {
            Some(Ok(image)) => image,
            Some(Err(NoStage(known))) => {
                let target = named.target.as_deref().unwrap_or_default();
                let hint =
                    (!known.is_empty()).then(|| format!("its stages are {}", listed(&known)));
                return Err(wrong(format!("`{dockerfile}` has no stage `{target}`"), hint));
            }
            None => return Err(wrong(format!("`{dockerfile}` is no Dockerfile"), None)),
        };
        Ok(Image { name: named.name.clone().unwrap_or(image.name), ..image })
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
