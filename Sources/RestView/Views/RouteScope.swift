// Where the names of a route's and a view's expressions come from: the request first, then the object's fields.
import Core
import Expressions

/// `names` holds what the request gives (`caller`, `path`, `args`, lets …), as far as the route's programs read it.
struct RouteScope: CELScope {
  var names: [String: CELValue]
  /// The object that bare names are fields of; also `self` unless `names` has another.
  var object: ObjectValue?

  init(_ names: [String: CELValue] = [:], object: ObjectValue? = nil) {
    self.names = names
    self.object = object
  }

  func lookup(_ name: String) -> CELValue? {
    if let value = names[name] {
      if let object, RequestNames.soft.contains(name), object.kind.field(name) != nil { return object.member(name) }
      return value
    }
    guard let object else { return nil }
    return name == "self" ? .object(object) : object.member(name)
  }
}
