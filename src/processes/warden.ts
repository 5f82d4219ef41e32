/**
 * A program that outlives the service by a moment: when its standard input ends, as it does however the service
 * ended, it ends what the service has left behind. Its argument is how the marks of those processes begin.
 */
import { endMarked } from './remains.ts';

const [, , prefix = ''] = process.argv;
process.stdin.resume().once('close', () => {
  // Without an argument every marked process of the user would be meant.
  if (prefix !== '') void endMarked(prefix);
});
