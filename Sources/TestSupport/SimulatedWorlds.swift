// Tests that use what tests share have the simulator and its store in memory too.
@_exported import Simulation
