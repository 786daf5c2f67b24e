//! What Palomar keeps its things in: an SQLite file, or a MariaDB and a Redis.

use std::path::Path;

use testbed::Redis;

use super::{disk::Disk, mariadb::MariaDb, plan::Size};

pub(crate) struct Stores {
    pub(crate) database_url: String,
    pub(crate) redis: Option<Redis>,
    pub(crate) mariadb: Option<MariaDb>,
    /// Where the SQLite file is, if it could be mounted.
    pub(crate) disk: Option<Disk>,
}

impl Stores {
    /// Starts them, with their files in this folder.
    pub(crate) async fn start(size: Size, folder: &Path) -> Self {
        match size {
            Size::Embedded => Self::embedded(folder),
            Size::Distributed => Self::distributed(folder).await,
        }
    }

    fn embedded(folder: &Path) -> Self {
        let place = folder.join("disk");
        let disk = Disk::mount(&place);
        if disk.is_none() {
            println!("a disk cannot be mounted here, so none is filled up");
        }
        Self {
            database_url: format!("sqlite://{}/palomar.db", place.display()),
            redis: None,
            mariadb: None,
            disk,
        }
    }

    async fn distributed(folder: &Path) -> Self {
        let (data, log) = (folder.join("mariadb"), folder.join("mariadb.log"));
        let mariadb = MariaDb::start(data, log).await;
        Self {
            database_url: mariadb.url(),
            redis: Some(Redis::started()),
            mariadb: Some(mariadb),
            disk: None,
        }
    }
}
