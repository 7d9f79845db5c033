// Where a list goes on: the name and uid of the last object, as opaque text.
import Core

struct PageCursor: Equatable {
  var name: String
  var uid: UID

  var text: String { "\(uid).\(name)" }

  init(name: String, uid: UID) {
    self.name = name
    self.uid = uid
  }

  init(_ text: String) throws {
    guard let uid = UID(text.prefix(36)), text.dropFirst(36).first == "." else {
      throw Problem(.invalid, code: "cursor", "The cursor is not one of this server.", fix: "List from the start.")
    }
    self.uid = uid
    name = String(text.dropFirst(37))
  }
}
