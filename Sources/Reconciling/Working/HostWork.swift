// Work that is bound to the host of its replica: child processes are seen and moved only where they run.
import Core
import Foundation
import Kinds
import Ports

/// Holds the host's own shard, brings the due objects of its kinds there, and lets go of what another host has taken over.
public final class HostWork: Sendable {
  private let host: UID
  private let kinds: Set<String>
  private let services: [any ServicePort]

  /// - Parameters:
  ///   - host: the same for every replica that runs on this host's data, one after the other.
  ///   - kinds: kinds whose work is bound.
  public init(host: UID, kinds: Set<String>, services: [any ServicePort]) {
    self.host = host
    self.kinds = kinds
    self.services = services
  }

  /// Called with each renewal of the lease. What is another's goes before anything else is done here.
  func claim(_ store: any StorePort, replica: UID) async throws -> Fence? {
    guard let fence = try await store.claimHost(host, replica: replica) else { return nil }
    for service in services {
      let others = try await store.foreign(service.keptHere(), host: fence)
      // All at once: processes may take their time to end, and the lease goes on.
      await withTaskGroup(of: Void.self) { group in
        for uid in others { group.addTask { await service.leave(uid) } }
      }
    }
    return fence
  }

  /// The items to work on: those of bound kinds once they are in the host's shard.
  func sorted(_ items: [WorkItem], _ held: [Fence], _ store: any StorePort) async throws -> [WorkItem] {
    let strays = items.filter { kinds.contains($0.kind) && $0.shard < ShardCount.total }
    guard !strays.isEmpty else { return items }
    // Without a shard of the host they wait: the next renewal brings one.
    guard let own = held.last(where: { $0.shard >= ShardCount.total }) else { return items.filter { !strays.contains($0) } }
    let bound = try await store.bind(strays, from: held.filter { $0.shard < ShardCount.total }, to: own)
    return items.filter { !strays.contains($0) } + bound
  }
}
