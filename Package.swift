// swift-tools-version: 6.0
// The modules of Plumb, in pipeline order, and what each may import. The Tidy test checks imports against this file.
import PackageDescription

/// Release builds optimize across modules: small modules, and no price for their borders.
/// Exclusive access is checked at run time in debug builds, in which the tests run; in a release the checks took a twentieth of an apply.
let optimized: [SwiftSetting] = [
  .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release))
]

/// Swift and Foundation within the program; the libraries under Foundation are named, because modules built for dynamic linking do not.
let staticLibraries = [
  "-static-stdlib", "-lFoundation", "-lFoundationInternationalization", "-lFoundationEssentials", "-l_FoundationCollections",
  "-l_FoundationCShims", "-lCoreFoundation", "-l_FoundationICU",
]

/// A module of ours: its folder, and the modules it may import.
func module(_ name: String, _ imports: [String] = [], path: String? = nil) -> Target {
  .target(
    name: name, dependencies: imports.map { .init(stringLiteral: $0) }, path: path ?? "Sources/\(name)", swiftSettings: optimized)
}

/// The tests of one or more modules.
func tests(_ name: String, _ imports: [String]) -> Target {
  .testTarget(name: name, dependencies: imports.map { .init(stringLiteral: $0) }, path: "Tests/\(name)")
}

let package = Package(
  name: "plumb",
  products: [.executable(name: "plumb", targets: ["Plumb"])],
  targets: [
    // Shims of system libraries: module maps and headers, nothing else.
    .systemLibrary(name: "CLibYAML", path: "Sources/CLibYAML", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CLibPQ", path: "Sources/CLibPQ", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "COpenSSL", path: "Sources/COpenSSL", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CLinux", path: "Sources/CLinux"),

    // The vocabulary.
    module("Core"),
    module("Expressions", ["Core"]),
    module("Kinds", ["Core", "Expressions"]),
    module("Ports", ["Core", "Expressions", "Kinds"]),

    // From text to a checked desired state.
    module("Documents", ["Core", "CLibYAML"]),
    module("KindLoading", ["Core", "Expressions", "Kinds", "Documents"]),
    module("Manifests", ["Core", "Kinds", "Documents"]),

    // Deciding: pure.
    module("Planning", ["Core", "Expressions", "Kinds", "Ports"]),
    module("WorkQueue", ["Core"]),
    module("ChargingAnalysis", ["Core"]),

    // Doing.
    module("Execution", ["Core", "Kinds", "Ports"]),
    module(
      "Reconciling",
      ["Core", "Expressions", "Kinds", "Ports", "Documents", "Identity", "Manifests", "Planning", "WorkQueue", "Execution"]),
    module("Identity", ["Core", "Kinds", "Ports", "Crypto"]),
    module("RestView", ["Core", "Expressions", "Kinds", "Ports", "Planning", "Reconciling", "Identity", "Crypto", "HTTPServer"]),
    module("NativeView", ["Core", "Kinds", "Ports", "Documents", "Planning", "Reconciling", "Identity", "HTTPServer"]),

    // Adapters: the only modules that touch the outside.
    module("PostgresStore", ["Core", "Kinds", "Ports", "CLibPQ", "CLinux"]),
    module("HTTPServer", ["Core", "CLinux"]),
    module("Crypto", ["Core", "COpenSSL"]),
    module("OutgoingHTTP", ["Core", "Kinds", "Ports", "CLinux"]),
    module("GitRepositories", ["Core", "Kinds", "Ports", "Documents", "OutgoingHTTP", "CLinux"]),
    module("Accounts", ["Core", "Kinds", "Ports", "Crypto", "Identity"]),
    module("IdentityAdapters", ["Core", "Identity", "OutgoingHTTP"]),
    module("Mail", ["Core", "Kinds", "Ports"]),
    module("TextMessages", ["Core", "Kinds", "Ports", "OutgoingHTTP"]),
    module("ModelProvider", ["Core", "Kinds", "Ports", "OutgoingHTTP"]),
    module("Payments", ["Core", "Kinds", "Ports", "OutgoingHTTP"]),
    module("PDFRendering", ["Core", "Kinds", "Ports", "OutgoingHTTP"]),
    module("NameResolution", ["Core", "Kinds", "Ports"]),
    module("ProcessRuntime", ["Core", "Kinds", "Ports", "CLinux"]),

    // What data cannot say of a kind.
    module("Controllers", ["Core", "Expressions", "Kinds", "Ports", "Crypto", "ChargingAnalysis"], path: "controllers"),

    // The engine in a simulated world: for `plumb simulate`, and for the tests.
    module(
      "Simulation", ["Core", "Kinds", "Ports", "Documents", "Identity", "Manifests", "Planning", "Execution", "Reconciling"]),

    // The program. PlumbCommand holds the verbs, so that tests can call them; Plumb is only `main`.
    module(
      "PlumbCommand",
      [
        "Core", "Expressions", "Kinds", "Documents", "KindLoading", "Manifests", "Planning", "Ports", "Execution", "Reconciling",
        "Identity", "RestView", "NativeView", "PostgresStore", "HTTPServer", "Crypto", "OutgoingHTTP", "Mail", "NameResolution",
        "ProcessRuntime", "GitRepositories", "Payments", "PDFRendering", "Controllers", "Simulation", "IdentityAdapters",
        "Accounts",
        "ChargingAnalysis", "ModelProvider", "TextMessages",
      ]),
    .executableTarget(
      name: "Plumb", dependencies: ["PlumbCommand"], path: "Sources/Plumb", swiftSettings: optimized,
      // Starts in half the time, and runs where no Swift is installed.
      linkerSettings: [.unsafeFlags(staticLibraries, .when(configuration: .release))]),

    module(
      "TestSupport",
      [
        "Core", "Kinds", "Ports", "Planning", "Execution", "Reconciling", "KindLoading", "Documents", "PostgresStore", "Crypto",
        "Simulation", "OutgoingHTTP",
      ]),
    tests("CoreTests", ["Core"]),
    tests("ExpressionsTests", ["Core", "Expressions"]),
    tests("DocumentsTests", ["Core", "Documents"]),
    tests("KindLoadingTests", ["Core", "Kinds", "Documents", "KindLoading"]),
    tests("ManifestsTests", ["Core", "Kinds", "Documents", "KindLoading", "Manifests"]),
    tests("WorkQueueTests", ["Core", "WorkQueue"]),
    tests("PlanningTests", ["Core", "Kinds", "KindLoading", "Ports", "Planning"]),
    tests("StoreTests", ["Core", "Expressions", "Kinds", "Ports", "PostgresStore", "TestSupport"]),
    tests("HTTPServerTests", ["Core", "HTTPServer"]),
    tests("CryptoTests", ["Core", "Crypto"]),
    tests("ChargingAnalysisTests", ["Core", "ChargingAnalysis"]),
    tests("IdentityTests", ["Core", "Kinds", "Ports", "Crypto", "Identity", "IdentityAdapters", "OutgoingHTTP", "TestSupport"]),
    tests(
      "AdapterTests",
      [
        "Core", "Kinds", "Ports", "HTTPServer", "OutgoingHTTP", "Mail", "ModelProvider", "NameResolution", "ProcessRuntime",
        "Payments", "PDFRendering",
        "Crypto", "Controllers",
      ]),
    tests(
      "ControllerTests", ["Core", "Expressions", "Kinds", "Controllers", "Crypto", "Ports", "ChargingAnalysis", "KindLoading"]),
    tests(
      "RestViewTests",
      [
        "Core", "Expressions", "Kinds", "KindLoading", "Ports", "Planning", "Reconciling", "Identity", "RestView", "HTTPServer",
        "PostgresStore", "Crypto", "Accounts", "Controllers", "TestSupport",
      ]),
    tests(
      "SimulationTests",
      [
        "Core", "Kinds", "KindLoading", "Ports", "Planning", "Identity", "Execution", "Reconciling", "PostgresStore",
        "Controllers", "Crypto",
        "Simulation", "TestSupport",
      ]),
    tests("CommandTests", ["Core", "Kinds", "KindLoading", "Ports", "HTTPServer", "NativeView", "PlumbCommand", "TestSupport"]),
    tests("BillingTests", ["Core", "Crypto", "HTTPServer", "TestSupport"]),
    tests("AccountTests", ["Core", "Crypto", "HTTPServer", "Identity", "OutgoingHTTP", "TestSupport"]),
    tests("CaseTests", ["Core", "Documents", "TestSupport"]),
    tests(
      "GitTests",
      ["Core", "Kinds", "Ports", "Documents", "HTTPServer", "GitRepositories", "OutgoingHTTP", "Controllers", "TestSupport"]),
    tests("ResilienceTests", ["Core", "TestSupport"]),
    tests("TidyTests", []),
  ],
  swiftLanguageModes: [.v6]
)
