// All programs of an inline reply, so that what lets must read can be found.
import Expressions
import Kinds

enum ViewPrograms {
  static func of(_ answer: RouteSpec.Answer) -> [CELProgram] {
    if case .reply(let view) = answer { of(view) } else { [] }
  }

  private static func of(_ view: ViewSpec) -> [CELProgram] {
    var programs = view.bare.map { [$0] } ?? []
    for member in view.members {
      switch member.output {
      case .value(let program): programs.append(program)
      case .object(let inner): programs += of(inner)
      case .related(let related): programs.append(related.predicate)
      case .total(let total): programs += total.by.map(\.value)
      case .spread, .view, .reference, .items: break
      }
    }
    return programs
  }
}
