// A family with a field of every type, for manifests to be right and wrong about.
import Core
import Foundation
import KindLoading
import Kinds
import Manifests

enum SampleCatalog {
  private static let files: [String: String] = [
    "shop/family.yaml": "{family: shop, doc: A shop.}",
    "other/family.yaml": "{family: other, doc: Another.}",
    "other/Gadget/kind.yaml": "{kind: Gadget, doc: A gadget., fields: {title: {type: string}}, unique: [[title]]}",
    "shop/Sale/kind.yaml": "{kind: Sale, doc: A sale., storage: record, fields: {amount: {type: decimal}}}",
    "shop/Settings/kind.yaml": "{kind: Settings, doc: One of a tenant., fields: {theme: {type: string}}, unique: [[]]}",
    "shop/Shelf/kind.yaml": "{kind: Shelf, doc: A shelf., fields: {name: {type: string, required: true}}, unique: [[name]]}",
    "shop/Item/kind.yaml": """
    kind: Item
    doc: Something for sale.
    fields:
      name: {type: string, required: true, pattern: "^[a-z][a-z0-9-]*$", max: 20}
      title: {type: string, required: true}
      shelf: {ref: Shelf}
      supplier: {ref: Shelf, crossTenant: true}
      price: {type: decimal, min: 0}
      count: {type: integer, min: 0, max: 100, default: 1}
      weight: {type: number}
      live: {type: boolean}
      since: {type: timestamp}
      day: {type: date}
      every: {type: duration}
      icon: {type: bytes, max: 4}
      state: {enum: [draft, shown]}
      mail: {type: string, format: email}
      tags: {type: list, max: 3, of: {type: string, min: 2}}
      parts: {type: list, key: id, of: {type: object, fields: {id: {type: string, required: true}, size: {type: integer}}}}
      env: {type: map, of: {type: string, max: 5}}
      password: {type: string, secret: sealed}
      keys: {type: map, of: {type: string, secret: sealed}}
      extra: {type: any}
      nonce: {type: string, writer: api}
      phase: {type: string, writer: controller}
      label: {type: string, computed: self.title}
    unique: [[name]]
    """,
  ]

  static let catalog: KindCatalog = {
    do {
      return try KindLoader.load(files: files.map { ($0.key, Array($0.value.utf8)) })
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  static func read(_ text: String) -> ManifestSet {
    ManifestReader.read(files: [(name: "m.yaml", bytes: Array(text.utf8))], catalog: catalog)
  }

  /// An Item whose spec holds `fields`, one to a line.
  static func item(_ fields: String) -> String {
    "apiVersion: shop/v1\nkind: Item\nmetadata: {name: cup}\nspec:\n  title: Cup\n"
      + fields.split(separator: "\n").map { "  \($0)\n" }.joined()
  }
}
