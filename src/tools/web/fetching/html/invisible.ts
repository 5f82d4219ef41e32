/**
 * Characters that show nothing and can carry what a person does not see: tags, invisible operators, changes of
 * direction, variation selectors beyond those of emoji. The joiners stay, which scripts and emoji need.
 */
const INVISIBLE =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class -- these are what is to go
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

export function visible(text: string): string {
  return text.replace(INVISIBLE, '');
}
