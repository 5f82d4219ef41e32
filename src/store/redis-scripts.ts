import { createHash } from 'node:crypto';

/** A program that Redis runs as a whole, on one key. */
export interface RedisScript {
  readonly source: string;
  /** How Redis names it once it knows it. */
  readonly sha1: string;
}

function script(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/**
 * ARGV: whether a value is expected (`1`) or the absence of one (`0`), that value, the next value, and its
 * lifetime in milliseconds: empty for a permanent record, `0` for none. Answers 1 when it did.
 */
export const SWAP = script(`
local held = redis.call('GET', KEYS[1])
if ARGV[1] == '0' then
  if held then return 0 end
elseif held ~= ARGV[2] then
  return 0
end
if ARGV[4] == '' then
  redis.call('SET', KEYS[1], ARGV[3])
elseif ARGV[4] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
return 1`);

/**
 * ARGV: what to add, and the lifetime in milliseconds of a counter that begins. Answers the sum and what is
 * left of the counter's life in milliseconds, or nil for a record that is no counter.
 */
export const INCREMENT = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then return false end
  local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
  if type(sum) ~= 'number' then return false end
  return { sum, left }
end
if ARGV[2] ~= '0' then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return { ARGV[1], tonumber(ARGV[2]) }`);

/**
 * ARGV: the value, how many events are kept, and the stream's lifetime in milliseconds. Answers the event's
 * id: microseconds since the epoch, or one more than the id before where the clock has not moved on. Unlike a
 * count it still grows when Redis has lost everything, and it is a safe integer until the year 2255.
 */
export const APPEND = script(`
local function add(id)
  local name = string.format('%.0f', id)
  local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', ARGV[2], name .. '-0', 'value', ARGV[1])
  return name, type(added) == 'table' and added
end
local now = redis.call('TIME')
local id, failure = add(now[1] * 1000000 + now[2])
if failure then
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
  if not last then return failure end
  id, failure = add(tonumber(string.match(last[1], '^%d+')) + 1)
  if failure then return failure end
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return id`);
