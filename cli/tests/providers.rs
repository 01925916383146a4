//! The documentation's table of providers is what the command prints.

use webhooks::provider::catalog;
use webhooks_cli::project::Project;
use webhooks_cli::providers::table;

#[test]
fn the_table_in_the_documentation_is_the_one_of_the_profiles() {
    let project = Project::here().expect("the repository");
    let docs = std::fs::read_to_string(project.root().join("docs/providers.md"));
    let docs = docs.expect("docs/providers.md");
    assert!(
        docs.contains(&table()),
        "put what `webhooks providers` prints into docs/providers.md"
    );
}

#[test]
fn every_provider_says_what_people_do_to_register_it() {
    for provider in catalog::all() {
        let name = provider.profile().name;
        let setup = provider.setup();
        for text in [setup.paste, setup.secret, setup.retries] {
            assert!(!text.is_empty() && !text.contains("TODO"), "{name}");
        }
        let (id, kind) = provider.naming();
        assert!(!id.is_empty() && !kind.is_empty(), "{name}");
    }
}
