import type { Fault } from './protocol.ts';

/** What the engine answered instead of rows. */
export class EngineFault extends Error {
  override readonly name = 'EngineFault';
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.kind);
    this.fault = fault;
  }
}

/** The process ended over what it was asked. */
export class EngineGone extends Error {
  override readonly name = 'EngineGone';
  /** Whether it ended for want of memory. */
  readonly isMemory: boolean;

  constructor(how: string, words: string) {
    super(`The engine's process has ended: ${how}`);
    // V8 and the C++ runtime end the process where an allocation fails, each with its words.
    this.isMemory = /out of memory|bad_alloc|allocation failed|Cannot allocate memory/i.test(words);
  }
}
