// An event of GitHub, GitLab or Bitbucket: which repository it is about, and which branches or tags were pushed.
import Core

/// The code hosts whose events are understood.
enum Forge: String, Sendable, CaseIterable { case github, gitlab, bitbucket }

struct ForgeEvent {
  /// Addresses of the repository, as far as the event tells them.
  var addresses: [String]
  /// Full names of what was pushed, such as `refs/heads/main`; empty for events of other sorts.
  var references: [String]
  /// The branch that the repository shows first.
  var standardBranch: String?
  /// Tells one delivery from another; the same when it is sent again.
  var delivery: String
  /// Addresses and references of one event.
  static let most = 100

  /// - Parameters:
  ///   - payload: the event's JSON; nil is returned when it names no repository.
  ///   - kind: the header that names the sort of the event.
  ///   - delivery: the header that names the delivery.
  init?(_ forge: Forge, _ payload: Value, kind: String, delivery: String?) {
    var addresses: [String?]
    switch forge {
    case .github:
      let repository = payload["repository"]
      addresses = ["clone_url", "ssh_url", "git_url", "html_url"].map { repository[$0].string }
      standardBranch = repository["default_branch"].string
      references = kind == "push" ? [payload["ref"].string].compactMap { $0 } : []
    case .gitlab:
      let project = payload["project"]
      addresses = ["git_http_url", "git_ssh_url", "web_url", "http_url", "ssh_url"].map { project[$0].string }
      addresses += ["git_http_url", "git_ssh_url", "homepage", "url"].map { payload["repository"][$0].string }
      standardBranch = project["default_branch"].string
      let isPush =
        ["push", "tag_push"].contains(payload["object_kind"].string ?? "") || kind == "Push Hook" || kind == "Tag Push Hook"
      references = isPush ? [payload["ref"].string].compactMap { $0 } : []
    case .bitbucket:
      let repository = payload["repository"]
      addresses = [repository["links"]["html"]["href"].string]
      addresses += (repository["links"]["clone"].list ?? []).map { $0["href"].string }
      if let name = repository["full_name"].string { addresses.append("https://bitbucket.org/\(name)") }
      standardBranch = repository["mainbranch"]["name"].string
      references =
        kind == "repo:push"
        ? (payload["push"]["changes"].list ?? []).prefix(Self.most).compactMap { change in
          let new = change["new"].isNull ? change["old"] : change["new"]
          return new["name"].string.map { new["type"].string == "tag" ? "refs/tags/\($0)" : "refs/heads/\($0)" }
        } : []
    }
    self.addresses = Array(Set(addresses.compactMap { $0 }).sorted().prefix(Self.most))
    if self.addresses.isEmpty { return nil }
    let mark = delivery ?? payload["after"].string ?? payload["checkout_sha"].string ?? StableHash.text(payload)
    self.delivery = "\(forge.rawValue)/\(mark.prefix(150))"
  }

  /// Whether a source with this branch or tag follows what was pushed.
  func concerns(branch: String?, tag: String?) -> Bool {
    if let tag { return references.contains("refs/tags/\(tag)") }
    guard let name = branch ?? standardBranch else { return references.contains { $0.hasPrefix("refs/heads/") } }
    return references.contains("refs/heads/\(name)")
  }
}
