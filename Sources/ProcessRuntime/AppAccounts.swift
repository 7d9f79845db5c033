// Which accounts of the system the processes of apps run as. What serves as root gives each app one of its own.
import Core
import Foundation

public enum AppAccounts: Sendable, Equatable {
  /// That of plumb itself.
  case own
  /// One for all apps.
  case named(String, uid: UInt32, gid: UInt32)
  /// Numbers without a name, one for each app: apps can neither read each other's files and environment, nor signal each other.
  case range(ClosedRange<UInt32>)

  /// The numbers that systemd keeps for accounts made on the fly, and that no distribution gives to people.
  public static let standardRange: ClosedRange<UInt32> = 61_184...65_519

  /// - Parameter text: what the operator names: an account, `FIRST-LAST`, or `root`; nil where he names none.
  public static func choose(_ text: String?) throws -> AppAccounts {
    let isRoot = geteuid() == 0
    guard let text else { return isRoot ? .range(standardRange) : .own }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).compactMap { UInt32($0) }
    if ends.count == 2, text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (48...57).contains($0) }) {
      guard isRoot else { throw fault(text, "only root can run apps as other accounts", "Leave it out, or run plumb as root.") }
      guard ends[0] > 0, ends[0] <= ends[1], ends[1] < UInt32.max else {
        throw fault(text, "a range of accounts goes from a number above 0 to a greater one", "Such as 61184-65519.")
      }
      return .range(ends[0]...ends[1])
    }
    guard let entry = getpwnam(text) else {
      throw fault(text, "there is no account of this name", "Make it with useradd --system, or name a range such as 61184-65519.")
    }
    if entry.pointee.pw_uid == geteuid() { return .own }
    guard isRoot else { throw fault(text, "only root can run apps as other accounts", "Leave it out, or run plumb as root.") }
    return .named(text, uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
  }

  private static func fault(_ text: String, _ why: String, _ fix: String) -> Problem {
    Problem(.invalid, code: "app_account", "--app-user cannot be \"\(text.prefix(100))\": \(why).", fix: fix)
  }
}

/// The account that one process is to have.
struct ProcessAccount: Sendable, Equatable {
  var uid: UInt32
  var gid: UInt32
}

/// The folder `DIR/<app>/home` in which an app's processes start. Records and logs lie beside it, out of the app's reach.
enum AppHome {
  static func path(_ app: String) -> String { app + "/home" }

  /// Makes the home of the app whose folder is `app`, and says which account its processes have; nil: that of plumb. The owner of the
  /// home is the account, so that an app keeps it.
  static func prepare(_ app: String, _ accounts: AppAccounts) throws -> ProcessAccount? {
    let home = path(app)
    do {
      try FileManager.default.createDirectory(
        atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw Problem(.unavailable, code: "storage", "cannot make \(home): \(error.localizedDescription)") }
    let account: ProcessAccount
    switch accounts {
    case .own: return nil
    case .named(_, let uid, let gid): account = ProcessAccount(uid: uid, gid: gid)
    case .range(let range):
      let uid = try owner(home).flatMap { range.contains($0) ? $0 : nil } ?? free(in: range, beside: app)
      account = ProcessAccount(uid: uid, gid: uid)
    }
    let all = (app as NSString).deletingLastPathComponent
    // The way to the home is open, what lies along it is not.
    for folder in [all, app] where chmod(folder, 0o711) != 0 { throw failure("open", folder) }
    if owner(home) != account.uid { try give(home, account) }
    return account
  }

  private static func owner(_ path: String) -> UInt32? {
    var facts = stat()
    return lstat(path, &facts) == 0 ? facts.st_uid : nil
  }

  /// The lowest number that no other app has.
  private static func free(in range: ClosedRange<UInt32>, beside app: String) throws -> UInt32 {
    let all = (app as NSString).deletingLastPathComponent
    let names = (try? FileManager.default.contentsOfDirectory(atPath: all)) ?? []
    let taken = Set(names.compactMap { owner(path("\(all)/\($0)")) })
    guard let found = range.first(where: { !taken.contains($0) }) else {
      throw Problem(
        .limited, code: "no_account_free", "all \(range.count) accounts for apps are taken",
        fix: "Give plumb serve a wider range with --app-user.")
    }
    return found
  }

  /// Hands over the folder and what is in it, following no link.
  private static func give(_ home: String, _ account: ProcessAccount) throws {
    if let inside = FileManager.default.enumerator(atPath: home) {
      for case let name as String in inside { lchown("\(home)/\(name)", account.uid, account.gid) }
    }
    guard lchown(home, account.uid, account.gid) == 0 else { throw failure("give away", home) }
  }

  private static func failure(_ what: String, _ path: String) -> Problem {
    Problem(.unavailable, code: "storage", "cannot \(what) \(path): \(String(cString: strerror(errno)))")
  }
}
