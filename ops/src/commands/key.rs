//! `zhixin key`: the master key file.

use zhixin_engine::entropy::SystemEntropy;
use zhixin_engine::vault_keys::MasterKeyFile;

use crate::cli::{KeyArgs, KeyWhat};
use crate::{Ending, out};

pub(crate) fn run(args: &KeyArgs) -> anyhow::Result<Ending> {
    match &args.what {
        KeyWhat::Create { file } => {
            MasterKeyFile::new(file).create(&SystemEntropy::new())?;
            out::note(&format!(
                "{} made; without it nothing in the vault can ever be read. Keep it apart from the data folder.",
                file.display()
            ));
        }
    }
    Ok(Ending::Well)
}
