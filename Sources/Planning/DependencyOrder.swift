// The order in which objects depend on each other, and the cycles that make one impossible.
import Core

public enum DependencyOrder {
  /// Strongly connected groups of a graph, each after the groups it points to (Tarjan, without recursion).
  /// - Parameter edges: node → nodes it depends on; positions in 0..<count.
  public static func groups(count: Int, edges: [[Int]]) -> [[Int]] {
    var index = Array(repeating: -1, count: count)
    var low = Array(repeating: 0, count: count)
    var onStack = Array(repeating: false, count: count)
    var stack: [Int] = []
    var groups: [[Int]] = []
    var next = 0
    var frames: [(node: Int, edge: Int)] = []
    for root in 0..<count where index[root] < 0 {
      frames.append((root, 0))
      while let (node, edge) = frames.last {
        if edge == 0 {
          index[node] = next
          low[node] = next
          next += 1
          stack.append(node)
          onStack[node] = true
        }
        if edge < edges[node].count {
          frames[frames.count - 1].edge += 1
          let target = edges[node][edge]
          if index[target] < 0 {
            frames.append((target, 0))
          } else if onStack[target] {
            low[node] = min(low[node], index[target])
          }
          continue
        }
        frames.removeLast()
        if let parent = frames.last?.node { low[parent] = min(low[parent], low[node]) }
        if low[node] == index[node] {
          var group: [Int] = []
          while let member = stack.popLast() {
            onStack[member] = false
            group.append(member)
            if member == node { break }
          }
          groups.append(group.reversed())
        }
      }
    }
    return groups
  }

  /// Groups of more than one node, and nodes that point to themselves.
  public static func cycles(count: Int, edges: [[Int]]) -> [[Int]] {
    groups(count: count, edges: edges).filter { $0.count > 1 || edges[$0[0]].contains($0[0]) }
  }
}
