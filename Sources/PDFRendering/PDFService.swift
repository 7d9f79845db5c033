// Pages of SVG to PDF files, by the program rsvg-convert: service `pdf`.
import Core
import Foundation
import Kinds
import OutgoingHTTP
import Ports

/// Observe `render` {svg} → {pdf: Base64}. The page comes from us; what it says is escaped, and the program opens no files.
public struct PDFService: ServicePort {
  public let name = "pdf"
  private static let timeout = Duration.seconds(10)
  /// Bytes of a page, and of a file.
  private static let mostSVG = 1 << 20
  private static let mostPDF = 4 << 20
  private static let memory = 512 << 20

  private let program: String?

  /// - Parameter program: the path of rsvg-convert; nil looks for it.
  public init(program: String? = ProgramRunner.find("rsvg-convert")) { self.program = program }

  public func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value {
    guard operation == "render", let svg = arguments["svg"].string, svg.utf8.count <= Self.mostSVG else {
      throw Problem(.failure, code: "unknown_operation", "pdf renders a page of SVG of at most \(Self.mostSVG) bytes.")
    }
    guard let program else {
      throw Problem(
        .unavailable, code: "program_missing", "The program rsvg-convert, which makes PDF files, is not installed.",
        fix: "Install the package librsvg2-bin.")
    }
    let result = try await ProgramRunner.run(
      program, ["--format=pdf"], input: Array(svg.utf8), timeout: Self.timeout, outputLimit: Self.mostPDF,
      memoryLimit: Self.memory)
    guard result.status == 0, !result.isCut, result.out.starts(with: Array("%PDF-".utf8)) else {
      throw Problem(.unavailable, code: "pdf_failed", "The page could not be made into a PDF file.")
    }
    return ["pdf": .string(Data(result.out).base64EncodedString())]
  }

  public func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply {
    StepReply(step: step.name, outcome: .failed, value: ["error": ["code": "operation", "message": "pdf takes no steps."]])
  }
}
