/** Words that name nothing without quotes, in SQLite or MySQL; those that tables and columns are often called. */
const RESERVED: ReadonlySet<string> = new Set(
  `add all alter analyze and as asc before between by call cascade case change check collate column condition
   constraint convert create cross current_date current_time current_timestamp current_user cursor database
   databases day_hour dec declare default delayed delete desc describe distinct div drop each else end escape
   except exists exit explain fetch float for force foreign from full fulltext function generated grant group
   groups having if ignore in index inner insert int integer intersect interval into is isnull join key keys kill
   lag lead leave left like limit lines load lock long loop match mod natural not notnull null numeric of on
   option or order out outer over partition precision primary procedure purge range rank read real recursive
   references release rename repeat replace require restrict return revoke right row rows schema select separator
   set show sql ssl starting system table terminated then to trailing transaction trigger union unique unlock
   unsigned update usage use using values varying virtual when where while window with write xor`.split(
    /\s+/,
  ),
);

/** The name as a statement needs it: in quotes where it would not stand alone. */
export function identifier(name: string, quote: '"' | '`'): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/i.test(name) && !RESERVED.has(name.toLowerCase());
  return isPlain ? name : `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
}
