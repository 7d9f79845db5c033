// Addresses of repositories: what git is handed, and what is refused before anything is called.
import Core
import Ports
import XCTest

@testable import GitRepositories

final class GitRemoteTests: XCTestCase {
  private func text(_ url: String, allowsPrivate: Bool = false) throws -> String {
    try GitRemote(url, allowsPrivate: allowsPrivate).text
  }

  func testAddressesArePutTogetherAnew() throws {
    XCTAssertEqual(try text("https://GitHub.com/acme/shop.git"), "https://github.com/acme/shop.git")
    XCTAssertEqual(try text("git@github.com:acme/shop.git"), "git@github.com:acme/shop.git")
    XCTAssertEqual(try text("deploy@host:~/shop"), "deploy@host:~/shop")
    XCTAssertEqual(try text("host:/srv/shop"), "ssh://git@host/srv/shop")
    XCTAssertEqual(try text("ssh://deploy@host:2222/srv/shop"), "ssh://deploy@host:2222/srv/shop")
    XCTAssertEqual(try text("https://[2001:db8::1]:8443/a"), "https://[2001:db8::1]:8443/a")
    XCTAssertEqual(try text("/srv/shop.git", allowsPrivate: true), "file:///srv/shop.git")
  }

  func testWhatGitWouldTakeForSomethingElseIsRefused() {
    let bad = [
      "", "-oProxyCommand=x", "ext::sh -c x", "ext::sh", "--upload-pack=x", "https://user:secret@host/x", "https://token@host/x",
      "https://host/a b", "https:///x", "https://host", "ssh://-oProxyCommand=x/y", "-x@host:y", "host:-x", "git@-h:y", "fd::3/x",
      "https://ho\nst/x", "https://host/$(id)", "https://host/`id`", "file://host/x", "ftp://host/x", "https://a@b@c/x",
      "https://host:0/x",
      "https://host:99999/x", String(repeating: "a", count: 3000),
    ]
    for url in bad { XCTAssertThrowsError(try GitRemote(url, allowsPrivate: true), url) }
    for url in ["/etc", "file:///etc", "http://host/x", "git://host/x"] {
      XCTAssertThrowsError(try GitRemote(url, allowsPrivate: false), url) {
        XCTAssertEqual(($0 as? GitFault)?.reason, .targetRefused)
      }
    }
    XCTAssertThrowsError(try GitRemote("https://user:hunter2@host/x", allowsPrivate: true)) {
      XCTAssertFalse("\($0)".contains("hunter2"), "a message never repeats the address")
    }
  }

  func testOneRepositoryHasOneKeyWhateverTheProtocol() {
    let keys = [
      "https://github.com/Acme/Shop.git", "git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop",
      "https://github.com/acme/shop/",
    ]
    XCTAssertEqual(Set(keys.map { RepositoryKey.of($0) }), ["github.com/acme/shop"])
    XCTAssertEqual(RepositoryKey.of("/srv/git/Shop.git"), "/srv/git/shop")
    XCTAssertEqual(RepositoryKey.of("https://bob:pw@git.example.com:8443/a/b"), "git.example.com/a/b")
    for bad in ["", "https://host", "host:", "a b/c"] { XCTAssertNil(RepositoryKey.of(bad), bad) }
  }

  func testBranchNamesAreNames() {
    for good in ["main", "release/1.2", "feature-x"] { XCTAssert(GitReference(branch: good, tag: nil).isSound, good) }
    for bad in ["-x", "a..b", "a b", "a:b", "a^", "@{-1}", "x.lock", "/x", "a//b", "*", "a\nb", ".x"] {
      XCTAssertFalse(GitReference(branch: bad, tag: nil).isSound, bad)
    }
  }

  func testLinksStayWithinTheRepository() {
    XCTAssertEqual(GitTree.resolve("../b.yaml", from: "apps/a.yaml"), "b.yaml")
    XCTAssertEqual(GitTree.resolve("./x/../b.yaml", from: "apps/a.yaml"), "apps/b.yaml")
    XCTAssertNil(GitTree.resolve("../../b.yaml", from: "apps/a.yaml"))
    XCTAssertNil(GitTree.resolve("/etc/passwd", from: "apps/a.yaml"))
  }

  func testFaultsHideSecrets() {
    let fault = GitFault.of(standardError: "fatal: strange thing with hunter2", host: "host", hiding: ["hunter2"])
    XCTAssertEqual(fault.reason, .failed)
    XCTAssertFalse(fault.message.contains("hunter2"))
  }
}
