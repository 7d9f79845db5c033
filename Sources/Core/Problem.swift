// What is wrong, where, by which rule, and what to do about it. Every error that reaches a user is made of these.

/// One fault. `code` is a stable word for programs; `message` and `fix` are sentences for people.
public struct Problem: Sendable, Hashable, Error, CustomStringConvertible {
  /// What kind of fault this is: it decides exit codes (DESIGN section 9) and HTTP statuses.
  public enum Category: String, Sendable, Hashable {
    case invalid, denied, unauthenticated, missing, conflict, stale, refused, tooLarge, limited, unavailable, timeout, failure
  }

  public var category: Category
  public var code: String
  public var message: String
  /// Position in a file the user gave, when there is one.
  public var place: Place?
  /// JSON pointer into the body or document, such as `/spec/port`.
  public var pointer: String?
  /// The object it concerns, as `Kind/name`.
  public var object: String?
  public var fix: String?
  /// Data that a family's error body may show, such as dependents and a confirm token.
  public var details: ObjectMap

  public init(
    _ category: Category, code: String, _ message: String, place: Place? = nil, pointer: String? = nil,
    object: String? = nil, fix: String? = nil, details: ObjectMap = ObjectMap()
  ) {
    self.category = category
    self.code = code
    self.message = message
    self.place = place
    self.pointer = pointer
    self.object = object
    self.fix = fix
    self.details = details
  }

  /// `file:line:column: Kind/name /pointer: message (fix)`, leaving out what is not known.
  public var description: String {
    var text = ""
    if let place { text += "\(place): " }
    // A sentence that begins with the object has said which.
    if let object, pointer != nil || !message.hasPrefix(object) {
      text += object + (pointer.map { " \($0)" } ?? "") + ": "
    } else if object == nil, let pointer {
      text += "\(pointer): "
    }
    text += message
    if let fix {
      if let last = message.last, !".!?:".contains(last) { text += "." }
      text += " \(fix)"
    }
    return text
  }
}

/// All the faults of one request, at once. Never empty.
public struct Problems: Sendable, Error, CustomStringConvertible {
  public var list: [Problem]
  public init(_ list: [Problem]) { self.list = list }
  public init(_ one: Problem) { list = [one] }
  public var description: String { list.map(\.description).joined(separator: "\n") }

  /// The category to answer with: the first in order of what a caller must know first.
  public var category: Problem.Category {
    let order: [Problem.Category] = [
      .unauthenticated, .denied, .tooLarge, .invalid, .missing, .stale, .conflict, .refused, .limited, .unavailable, .timeout,
      .failure,
    ]
    return order.first { c in list.contains { $0.category == c } } ?? .failure
  }
}

extension Problem {
  /// JSON shape of the native API: only what is known.
  public var value: Value {
    var map: ObjectMap = ["category": .string(category.rawValue), "code": .string(code), "message": .string(message)]
    if let place {
      map["file"] = .string(place.file)
      map["line"] = .int(place.line)
      map["column"] = .int(place.column)
    }
    if let pointer { map["pointer"] = .string(pointer) }
    if let object { map["object"] = .string(object) }
    if let fix { map["fix"] = .string(fix) }
    if !details.isEmpty { map["details"] = .object(details) }
    return .object(map)
  }

  /// Reads what `value` wrote; nil when it is no problem.
  public init?(_ value: Value) {
    guard let code = value["code"].string, let message = value["message"].string else { return nil }
    self.init(Category(rawValue: value["category"].string ?? "") ?? .failure, code: code, message)
    if let file = value["file"].string {
      place = Place(file: file, line: value["line"].int ?? 0, column: value["column"].int ?? 0)
    }
    pointer = value["pointer"].string
    object = value["object"].string
    fix = value["fix"].string
    details = value["details"].object ?? ObjectMap()
  }
}
