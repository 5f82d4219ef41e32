import type { Purpose } from '../databases/transactions.ts';
import type { MysqlConnection } from './connection.ts';

const READING: ReadonlySet<string> = new Set(['USAGE', 'SELECT', 'SHOW VIEW', 'SHOW DATABASES']);
const CHANGING: ReadonlySet<string> = new Set([...READING, 'INSERT', 'UPDATE', 'DELETE']);

/** Why nothing may be asked as this account; undefined where it has no right beyond its purpose. */
export async function refusalOf(connection: MysqlConnection, purpose: Purpose): Promise<string | undefined> {
  const allowed = purpose === 'read' ? READING : CHANGING;
  const privileges = new Set((await allGrants(connection)).flatMap(privilegesIn));
  const others = [...privileges].filter((privilege) => !allowed.has(privilege)).sort();
  if (others.length === 0) return undefined;
  const some = others.slice(0, 5).join(', ') + (others.length > 5 ? ', …' : '');
  const wanted = purpose === 'read' ? 'SELECT only' : 'SELECT, INSERT, UPDATE and DELETE only';
  return `its account has the privileges ${some}; it must have ${wanted}`;
}

/** Those of the account and of its roles, whether they are active or not. */
async function allGrants(connection: MysqlConnection): Promise<string[]> {
  const own = await connection.texts('SHOW GRANTS');
  const roles = own.map(roleIn).filter((role) => role !== undefined);
  if (roles.length === 0) return own;
  if (!connection.isMariaDb) {
    return [...own, ...(await connection.texts(`SHOW GRANTS FOR CURRENT_USER() USING ${roles.join(', ')}`))];
  }
  const [active] = await connection.own('SELECT CURRENT_ROLE()');
  const further: string[] = [];
  for (const role of roles) {
    await connection.own(`SET ROLE ${role}`);
    further.push(...(await connection.texts('SHOW GRANTS')));
  }
  const before = active?.[0];
  await connection.own(`SET ROLE ${typeof before === 'string' ? quoted(before) : 'NONE'}`);
  return [...own, ...further];
}

/** As a statement names it, whatever characters it has. */
function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** MariaDB: "GRANT `role` TO `user`@`host`"; MySQL: "GRANT `role`@`%`,`other`@`%` TO …". */
function roleIn(grant: string): string | undefined {
  return /^GRANT ((?:[`'"][^ ]+[`'"](?:@[`'"][^ ]+[`'"])?(?:, ?)?)+) TO /.exec(grant)?.[1];
}

function privilegesIn(grant: string): string[] {
  if (roleIn(grant) !== undefined) return [];
  // Of MariaDB: which role is taken on at the start.
  if (grant.startsWith('SET DEFAULT ROLE ')) return [];
  const list = /^GRANT (.+?) ON .+ TO /.exec(grant)?.[1];
  if (list === undefined) return ['unknown'];
  const privileges = list
    .replaceAll(/\([^)]*\)/g, '')
    .split(',')
    .map((one) => one.trim().toUpperCase());
  return grant.includes(' WITH GRANT OPTION') ? [...privileges, 'GRANT OPTION'] : privileges;
}
