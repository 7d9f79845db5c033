// The program: everything is in PlumbCommand, where tests can call it.
import Glibc
import PlumbCommand

exit(Program.main(Array(CommandLine.arguments.dropFirst())))
