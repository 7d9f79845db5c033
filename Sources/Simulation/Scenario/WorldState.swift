// How a simulation ended.
import Core

/// The end of a run, without what may differ between runs of the same wishes (uids, times, places).
public struct WorldState: Sendable, Equatable {
  struct App: Sendable, Equatable {
    var desired: ObjectMap
    /// Running children: index → revision.
    var running: [Int: String]
  }
  /// By tenant number and name.
  var apps: [String: App] = [:]
  /// Regions of the pools that git states, and the subscriber's credits.
  var pools: [String: String] = [:]
  var credits = 0

  /// Fields of an app that the wishes decide.
  static let compared = ["command", "env", "replicas", "running"]
}
