use tempfile::TempDir;

use super::*;

const SHA: &str = "1111111111111111111111111111111111111111";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn found(variables: &[(&str, &str)]) -> Result<Wanted, String> {
    let env: Vec<(OsString, OsString)> =
        variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
    wanted(&env).map(|(wanted, _)| wanted).map_err(|error| error.to_string())
}

fn merge_base(name: &str) -> Wanted {
    Wanted::MergeBase(name.into())
}

#[test]
fn github_tells_of_each_kind_of_run() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("event.json");
    let github = |payload: &str, more: &[(&str, &str)]| {
        fs::write(&path, payload).unwrap();
        let own = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_PATH", path.to_str().unwrap())];
        found(&[&own[..], more].concat())
    };
    let request = [("GITHUB_EVENT_NAME", "pull_request"), ("GITHUB_BASE_REF", "main")];
    assert_eq!(github("{}", &request), Ok(merge_base("origin/main")));
    let push = [("GITHUB_EVENT_NAME", "push"), ("GITHUB_BASE_REF", "")];
    let event = |before: &str| {
        format!(r#"{{"before": "{before}", "repository": {{"default_branch": "trunk"}}}}"#)
    };
    assert_eq!(github(&event(SHA), &push), Ok(Wanted::Exactly(SHA.into())));
    assert_eq!(github(&event(ZERO), &push), Ok(Wanted::FirstPush(Some("origin/trunk".into()))));
    let tag = [("GITHUB_EVENT_NAME", "push"), ("GITHUB_REF_TYPE", "tag")];
    assert_eq!(github(&event(ZERO), &tag), Ok(Wanted::LastTag));
    let queue = [("GITHUB_EVENT_NAME", "merge_group")];
    let group = format!(r#"{{"merge_group": {{"base_sha": "{SHA}"}}}}"#);
    assert_eq!(github(&group, &queue), Ok(Wanted::Exactly(SHA.into())));
    let by_hand =
        |branch| [("GITHUB_EVENT_NAME", "workflow_dispatch"), ("GITHUB_REF_NAME", branch)];
    assert_eq!(github(&event(SHA), &by_hand("work")), Ok(merge_base("origin/trunk")));
    let error = github(&event(SHA), &by_hand("trunk")).unwrap_err();
    assert!(error.contains("does not say what was there before"), "{error}");
    assert!(github("no json", &push).unwrap_err().contains("is no JSON"));
}

#[test]
fn gitlab_tells_of_each_kind_of_run() {
    let gitlab = |more: &[(&str, &str)]| {
        let own =
            [("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", ZERO)];
        found(&[&own[..], more].concat())
    };
    let request = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", "diff")];
    assert_eq!(gitlab(&request), Ok(merge_base("diff")));
    let train = [request[0], ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "target")];
    assert_eq!(gitlab(&train), Ok(merge_base("target")));
    assert_eq!(gitlab(&[("CI_COMMIT_TAG", "v1")]), Ok(Wanted::LastTag));
    assert_eq!(gitlab(&[("CI_COMMIT_BEFORE_SHA", SHA)]), Ok(Wanted::Exactly(SHA.into())));
    assert_eq!(gitlab(&[]), Ok(Wanted::FirstPush(Some("origin/main".into()))));
}

#[test]
fn bitbucket_tells_of_requests_and_tags_alone() {
    let bitbucket =
        |more: &[(&str, &str)]| found(&[&[("BITBUCKET_BUILD_NUMBER", "7")], more].concat());
    let request =
        [("BITBUCKET_PR_DESTINATION_BRANCH", "main"), ("BITBUCKET_PR_DESTINATION_COMMIT", "short")];
    assert_eq!(bitbucket(&request), Ok(merge_base("origin/main")));
    assert_eq!(bitbucket(&[("BITBUCKET_TAG", "v1")]), Ok(Wanted::LastTag));
    assert!(
        bitbucket(&[("BITBUCKET_BRANCH", "main")]).unwrap_err().contains("Bitbucket does not say")
    );
    assert_eq!(found(&[]), Ok(Wanted::DefaultBranch));
}
