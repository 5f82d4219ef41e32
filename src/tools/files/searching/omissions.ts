import { counted } from '../../../core/phrases.ts';
import { AWAY_WORDS } from '../listing/mounted.ts';

/** What a search passed over, to be told at the end of its page. */
export class Omissions {
  /** Whether large files were left out, after one with an extremely long line was met. */
  largeFiles = false;
  /** Virtual paths of workspaces that cannot be reached now. */
  away: readonly string[] = [];
  /** Files that hold matches and cannot be shown for an extremely long line. */
  files = 0;
  /** Matches in lines too long to be shown even in part. */
  lines = 0;

  words(): string[] {
    return [
      ...this.away.map((mount) => `${mount} left out: it ${AWAY_WORDS}`),
      ...(this.largeFiles
        ? ['files above 100 MB left out, as a line of one is too long to be searched']
        : []),
      ...(this.files > 0
        ? [`${counted(this.files, 'file')} left out for a line too long to be searched`]
        : []),
      ...(this.lines > 0 ? [`${counted(this.lines, 'line')} of more than 4 MB left out`] : []),
    ];
  }
}
