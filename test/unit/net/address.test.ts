import { describe, expect, test } from 'vitest';
import { addressKind } from '../../../src/net/address.ts';

describe('an address is judged by where it leads', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.0.1.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s is public', (address) => {
    expect(addressKind(address)).toBe('public');
  });

  test.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
    expect(addressKind(address)).toBe('loopback');
  });

  test.each([
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['private, mapped', '::ffff:10.0.0.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fd12:3456::1'],
  ])('%s (%s) is of a network of its own', (_, address) => {
    expect(addressKind(address)).toBe('private');
  });

  test.each([
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['unspecified', '::'],
    ['cloud metadata in carrier-grade NAT', '100.100.100.200'],
    ['link-local: cloud metadata', '169.254.169.254'],
    ['Azure platform', '168.63.129.16'],
    ['Azure platform, mapped', '::ffff:168.63.129.16'],
    ['protocol assignments', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['benchmarking', '198.18.0.1'],
    ['6to4 relay', '192.88.99.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['mapped metadata', '::ffff:a9fe:a9fe'],
    ['IPv4-compatible loopback', '::7f00:1'],
    ['IPv4-compatible private', '::10.0.0.1'],
    ['translated (RFC 6145)', '::ffff:0:10.0.0.1'],
    ['NAT64 of loopback', '64:ff9b::127.0.0.1'],
    ['NAT64 of private', '64:ff9b::a00:1'],
    ['NAT64 for local use', '64:ff9b:1::8.8.8.8'],
    ['6to4 of private', '2002:a00:1::'],
    ['6to4 of public', '2002:808:808::1'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['cloud metadata in unique local', 'fd00:ec2::254'],
    ['cloud metadata in unique local', 'fd20:ce::254'],
    ['cloud metadata in unique local, spelled out', 'fd00:0ec2:0:0:0:0:0:254'],
    ['link-local', 'fe80::1'],
    ['link-local with zone', 'fe80::1%lo'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['discard', '100::1'],
    ['segment routing', '5f00::1'],
    ['given to nobody', '4000::1'],
    ['no address', 'example.com'],
    ['no address', '127.1'],
    ['no address', '0x7f000001'],
    ['no address', ''],
  ])('%s (%s) is never connected to', (_, address) => {
    expect(addressKind(address)).toBe('never');
  });
});
