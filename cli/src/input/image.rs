//! From the document that a reference leads to, to the objects of its image.

use super::kept::{Archive, Folder};
use super::registry::Registry;
use super::{Found, How, Refusal, apart};
use crate::args::object::{ObjectFile, Source};
use insight::oci::{
    Descriptor, Document, INDEX_DEPTH_MAX, Image, LAYER_BYTES_MAX, LIMITS, MANIFEST_BYTES_MAX, Unpacking,
    choose, filename,
};

/// Where the parts of an image are.
#[derive(Debug)]
pub(super) enum Store {
    Registry(Registry),
    Folder(Folder),
    Archive(Archive),
}

/// What an image is to its caller.
#[derive(Debug)]
pub(super) struct Place {
    /// What was named.
    pub(super) input: String,
    /// What its objects are called after.
    pub(super) name: String,
    /// Where its objects come from.
    pub(super) source: Source,
}

impl Store {
    /// A document, by its digest.
    pub(super) async fn manifest(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Registry(registry) => registry.manifest(descriptor).await,
            Self::Folder(folder) => folder.blob(descriptor, MANIFEST_BYTES_MAX),
            Self::Archive(archive) => archive.blob(descriptor, MANIFEST_BYTES_MAX),
        }
    }

    async fn blob(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Registry(registry) => registry.blob(descriptor).await,
            Self::Folder(folder) => folder.blob(descriptor, LAYER_BYTES_MAX),
            Self::Archive(archive) => archive.blob(descriptor, LAYER_BYTES_MAX),
        }
    }
}

/// The objects of the image that `bytes`, a manifest or an index, lead to.
pub(super) async fn objects(
    store: &mut Store,
    bytes: Vec<u8>,
    place: &Place,
    how: &How,
) -> Result<Vec<Found>, Refusal> {
    let image = image(store, bytes, &place.input, how).await?;
    let named = match usize::try_from(image.config.bytes) {
        Ok(bytes) if bytes <= MANIFEST_BYTES_MAX => filename(&store.blob(&image.config).await?),
        _ => None,
    };
    let mut unpacking = Unpacking::new(LIMITS);
    for (number, layer) in image.wanted().into_iter().enumerate() {
        if layer.bytes > LAYER_BYTES_MAX as u64 {
            let says = format!(
                "layer {number} has {} bytes and at most {LAYER_BYTES_MAX} are accepted: pass an image with nothing \
                 but the objects",
                layer.bytes
            );
            return Err(Refusal::wrong(&place.input, says));
        }
        let bytes = store.blob(layer).await?;
        let name = layer.title.clone().unwrap_or_else(|| format!("layer-{number}.o"));
        unpacking = unpacked(unpacking, name, bytes, &place.input).await?;
    }
    found(unpacking, named.as_deref(), place)
}

/// The one image among those of indexes.
async fn image(store: &mut Store, bytes: Vec<u8>, input: &str, how: &How) -> Result<Image, Refusal> {
    let mut bytes = bytes;
    for _ in 0..=INDEX_DEPTH_MAX {
        match Document::parse(&bytes).map_err(|error| Refusal::wrong(input, error))? {
            Document::Image(image) => return Ok(image),
            Document::Index(entries) => {
                let chosen = choose(&entries, &how.platform).map_err(|error| Refusal::wrong(input, error))?;
                bytes = store.manifest(chosen).await?;
            }
        }
    }
    Err(Refusal::wrong(
        input,
        format!("indexes are nested more than {INDEX_DEPTH_MAX} deep: name the image itself"),
    ))
}

/// Takes one more layer.
pub(super) async fn unpacked(
    mut unpacking: Unpacking,
    name: String,
    bytes: Vec<u8>,
    input: &str,
) -> Result<Unpacking, Refusal> {
    let input = input.to_owned();
    apart(move || {
        unpacking.layer(&name, &bytes).map_err(|error| Refusal::wrong(input, error))?;
        Ok(unpacking)
    })
    .await
}

/// The objects that were unpacked, each by its place in the image.
pub(super) fn found(unpacking: Unpacking, named: Option<&str>, place: &Place) -> Result<Vec<Found>, Refusal> {
    let mut skipped = String::new();
    let found = unpacking.finish(named).into_iter().map(|(path, bytes)| {
        let label = format!("{}/{path}", place.name);
        match ObjectFile::new(&path, label.clone(), bytes, Some(place.source.clone())) {
            Ok(object) => Found::Object(object),
            Err(error) => {
                skipped.push_str(&format!("\n  {label}: {error}"));
                Found::Skipped { place: label, why: error.to_string() }
            }
        }
    });
    let found: Vec<Found> = found.collect();
    if found.iter().any(|found| matches!(found, Found::Object(_))) {
        return Ok(found);
    }
    let says =
        format!("no compiled eBPF object is in its layers: pass an image that carries a .bpf.o{skipped}");
    Err(Refusal::wrong(&place.input, says))
}
