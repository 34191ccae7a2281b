//! Images in folders and archives of this machine: the OCI layout, and what `docker save` writes.

use super::image::{self, Place, Store};
use super::{Found, How, Refusal, apart};
use crate::args::file::{self, Expected};
use crate::args::object::Source;
use domain::digest::Digest;
use flate2::read::MultiGzDecoder;
use insight::oci::{
    Descriptor, Document, KeptError, LAYER_BYTES_MAX, LIMITS, MANIFEST_BYTES_MAX, Unpacking, choose_saved,
    choose_tagged, filename, saved,
};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Most files of an archive: an image has a few per layer.
const ENTRIES_MAX: usize = 10_000;
/// Most bytes of an archive once decompressed, which lie in a temporary file meanwhile.
const EXPANDED_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// A folder in the layout of the image specification.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    input: String,
}

/// The files of an archive by name. Nothing is taken out of it to a disk.
#[derive(Debug)]
pub(super) struct Archive {
    file: File,
    /// Where each begins, and its bytes.
    places: HashMap<String, (u64, u64)>,
    input: String,
}

pub(super) async fn layout(
    path: PathBuf,
    tag: Option<String>,
    input: String,
    how: &How,
) -> Result<Vec<Found>, Refusal> {
    let folder = Folder { path, input };
    let index = folder.read("index.json", MANIFEST_BYTES_MAX)?;
    let (path, input) = (folder.path.clone(), folder.input.clone());
    of_index(Store::Folder(folder), index, Named { path, tag, input }, how).await
}

pub(super) async fn archive(
    path: PathBuf,
    tag: Option<String>,
    input: String,
    how: &How,
) -> Result<Vec<Found>, Refusal> {
    let (opened, shown) = (path.clone(), input.clone());
    let mut archive = apart(move || Archive::open(&opened, shown)).await?;
    let named = Named { path, tag, input };
    if archive.places.contains_key("index.json") {
        let index = archive.read("index.json", MANIFEST_BYTES_MAX)?;
        return of_index(Store::Archive(archive), index, named, how).await;
    }
    if archive.places.contains_key("manifest.json") {
        return of_saved(archive, named).await;
    }
    let says =
        "is neither an OCI image nor what `docker save` writes: there is no index.json and no manifest.json";
    Err(Refusal::wrong(&named.input, says))
}

/// An image as it was named.
struct Named {
    path: PathBuf,
    tag: Option<String>,
    input: String,
}

impl Named {
    fn place(self, digest: &Digest) -> Place {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned();
        let source = Source { reference: self.input.clone(), digest: format!("sha256:{digest}") };
        Place { input: self.input, name, source }
    }

    fn refused(&self, error: &KeptError) -> Refusal {
        Refusal::wrong(&self.input, error)
    }
}

async fn of_index(mut store: Store, index: Vec<u8>, named: Named, how: &How) -> Result<Vec<Found>, Refusal> {
    let refused =
        |error: &dyn std::fmt::Display| Refusal::wrong(&named.input, format!("index.json: {error}"));
    let Document::Index(entries) = Document::parse(&index).map_err(|error| refused(&error))? else {
        return Err(refused(&"is no index: pass a folder or an archive in the layout of OCI images"));
    };
    let chosen = choose_tagged(&entries, named.tag.as_deref()).map_err(|error| named.refused(&error))?;
    let (bytes, digest) = match chosen.as_slice() {
        [entry] => (store.manifest(&entry.descriptor).await?, entry.descriptor.digest),
        _ => {
            let digest = Digest::of(&index);
            (index, digest)
        }
    };
    image::objects(&mut store, bytes, &named.place(&digest), how).await
}

async fn of_saved(mut archive: Archive, named: Named) -> Result<Vec<Found>, Refusal> {
    let images = saved(&archive.read("manifest.json", MANIFEST_BYTES_MAX)?);
    let images = images.map_err(|error| named.refused(&error))?;
    let image = choose_saved(&images, named.tag.as_deref()).map_err(|error| named.refused(&error))?;
    let config = archive.read(&image.config, MANIFEST_BYTES_MAX)?;
    let place = named.place(&Digest::of(&config));
    let mut unpacking = Unpacking::new(LIMITS);
    for path in &image.layers {
        let bytes = archive.read(path, LAYER_BYTES_MAX)?;
        unpacking = image::unpacked(unpacking, path.clone(), bytes, &place.input).await?;
    }
    image::found(unpacking, filename(&config).as_deref(), &place)
}

impl Folder {
    pub(super) fn blob(&self, descriptor: &Descriptor, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        checked(&self.input, descriptor, self.read(&blob(&descriptor.digest), bytes_max)?)
    }

    fn read(&self, name: &str, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        let what = "a folder in the layout of OCI images";
        let expected = Expected { what, bytes_max, remedy: "pass an image with nothing but the objects" };
        let read = file::read(&self.path.join(name), expected);
        read.map_err(|error| Refusal::wrong(&self.input, crate::exit::chain(&error)))
    }
}

impl Archive {
    fn open(path: &Path, input: String) -> Result<Self, Refusal> {
        let unreadable =
            |error: io::Error| Refusal::wrong(&input, format!("cannot be read ({error}): pass a tar file"));
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        // A pipe nobody writes to would be waited for.
        if !metadata.is_file() {
            return Err(Refusal::wrong(
                &input,
                "is no file: pass a tar file, or oci-layout:FOLDER for a folder",
            ));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        let mut magic = Vec::new();
        Read::by_ref(&mut file).take(2).read_to_end(&mut magic).map_err(unreadable)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        if magic == [0x1f, 0x8b] {
            let mut expanded = tempfile::tempfile().map_err(unreadable)?;
            let bytes = io::copy(&mut MultiGzDecoder::new(file).take(EXPANDED_BYTES_MAX), &mut expanded);
            if bytes.map_err(unreadable)? == EXPANDED_BYTES_MAX {
                let says = format!(
                    "has more than {EXPANDED_BYTES_MAX} bytes once decompressed: pass a smaller image"
                );
                return Err(Refusal::wrong(&input, says));
            }
            file = expanded;
        }
        let places = places(&mut file, &input)?;
        Ok(Self { file, places, input })
    }

    pub(super) fn blob(&mut self, descriptor: &Descriptor, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        let bytes = self.read(&blob(&descriptor.digest), bytes_max)?;
        checked(&self.input, descriptor, bytes)
    }

    fn read(&mut self, name: &str, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
        let refused = |says: &str| Refusal::wrong(&self.input, format!("{name}: {says}"));
        let place = self.places.get(name.trim_start_matches("./"));
        let (start, bytes) = *place.ok_or_else(|| refused("is not in the archive: save the image again"))?;
        if usize::try_from(bytes).map_or(true, |bytes| bytes > bytes_max) {
            return Err(refused(&format!("has {bytes} bytes and at most {bytes_max} are accepted")));
        }
        let mut read = Vec::new();
        let done = self.file.seek(SeekFrom::Start(start));
        let done = done.and_then(|_| Read::by_ref(&mut self.file).take(bytes).read_to_end(&mut read));
        done.map_err(|error| refused(&format!("cannot be read ({error})")))?;
        Ok(read)
    }
}

/// Where the files of an archive are in it. Links and devices are passed over.
fn places(file: &mut File, input: &str) -> Result<HashMap<String, (u64, u64)>, Refusal> {
    let damaged = |error: io::Error| Refusal::wrong(input, format!("is no tar file ({error}): pass one"));
    file.seek(SeekFrom::Start(0)).map_err(damaged)?;
    let mut places = HashMap::new();
    let mut archive = tar::Archive::new(file);
    for (number, entry) in archive.entries_with_seek().map_err(damaged)?.raw(true).enumerate() {
        let entry = entry.map_err(damaged)?;
        if number >= ENTRIES_MAX {
            return Err(Refusal::wrong(input, format!("has more than {ENTRIES_MAX} files: pass one image")));
        }
        if entry.header().entry_type().is_file() {
            let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = path.trim_start_matches("./").to_owned();
            places.insert(path, (entry.raw_file_position(), entry.size()));
        }
    }
    Ok(places)
}

/// Where the layout has what a digest names.
fn blob(digest: &Digest) -> String {
    format!("blobs/sha256/{digest}")
}

fn checked(input: &str, descriptor: &Descriptor, bytes: Vec<u8>) -> Result<Vec<u8>, Refusal> {
    let found = Digest::of(&bytes);
    if found == descriptor.digest {
        return Ok(bytes);
    }
    let says = format!("what is kept as {} has the digest {found}: copy the image again", descriptor.digest);
    Err(Refusal::wrong(input, says))
}
