// `billing.invoice`: the invoice of a transaction as a PDF file.
import Core
import Crypto
import Kinds
import Ports

struct InvoiceHandler: OperationHandler {
  let name = "billing.invoice"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let transaction = call.target else { throw Problem(.missing, code: "not_found", "There is no such transaction.") }
    let settings = Settings(ports)
    let spec = transaction.spec
    var issuer = try await settings.text("billing.issuer")
    if issuer == nil { issuer = try await settings.text("app.name") }
    let (from, to) = ((spec["periodStart"] ?? .null).timestamp, (spec["periodEnd"] ?? .null).timestamp)
    let page = InvoicePage(
      number: spec["invoiceNumber"]?.string ?? transaction.uid.description, date: transaction.created,
      issuer: (issuer ?? "Plumb").split(whereSeparator: \.isNewline).map(String.init),
      customer: spec["tenantName"]?.string ?? call.caller?.tenantName ?? "", description: spec["description"]?.string ?? "",
      period: from.flatMap { from in to.map { (from, $0) } }, amountCents: spec["amountCents"]?.int ?? 0,
      currency: spec["currency"]?.string ?? "usd", isRefund: spec["type"]?.string == "refund",
      footer: try await settings.text("billing.footer") ?? "")
    guard let service = ports.services["pdf"] else {
      throw Problem(.unavailable, code: "pdf_not_available", "No service makes PDF files here.")
    }
    let answer = try await service.observe(transaction.metadata, operation: "render", arguments: ["svg": .string(page.svg)])
    guard let bytes = answer["pdf"].string.flatMap({ Base64.decode($0) }) else {
      throw Problem(.unavailable, code: "pdf_failed", "The invoice could not be made.")
    }
    return OperationReply(
      .bytes(bytes, type: "application/pdf"),
      headers: [("Content-Disposition", "attachment; filename=\"\(Self.fileName(page.number))\"")])
  }

  private static func fileName(_ number: String) -> String {
    String(number.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) + ".pdf"
  }
}
