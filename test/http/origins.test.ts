import { describe, expect, it } from 'vitest'
import { isAllowedOrigin, isOriginPattern } from '../../src/http/origins'

describe('what an operator may allow', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'http://[::1]:5173',
    'https://xn--bcher-kva.example',
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'http://tauri.localhost',
    'app://obsidian.md',
    'app://.',
    'file://',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
    'safari-web-extension://5C6E0D1B-7D2C-4E0B-9F0E-3B1A7C0E9A55',
    'vscode-webview://0r3n1p',
    'https://*.preview.example.com',
    'https://*.pages.dev.example:8443',
    'https://app.*.example.com',
    'http://*.localhost:3000',
    'http://localhost:*',
    'http://[::1]:*',
    'capacitor://localhost:*',
    'null',
    '*',
  ])('is %s', (pattern) => {
    expect(isOriginPattern(pattern)).toBe(true)
  })

  it.each([
    ['no scheme', 'app.example.com'],
    ['a path', 'https://app.example.com/'],
    ['a path of another scheme', 'capacitor://localhost/'],
    ['a query', 'https://app.example.com?a'],
    ['a fragment', 'https://app.example.com#a'],
    ['a name and password', 'https://user:word@app.example.com'],
    ['a default port', 'https://app.example.com:443'],
    ['a port that is none', 'http://localhost:99999'],
    ['upper case', 'https://App.example.com'],
    ['an upper-case scheme', 'HTTPS://app.example.com'],
    ['letters that browsers send otherwise', 'https://bücher.example'],
    ['a blank', 'https://app.example.com b'],
    ['a backslash', 'https:\\\\app.example.com'],
    ['no host', 'https://'],
    ['a scheme only', 'capacitor:'],
    ['every host', 'https://*'],
    ['every host with a port', 'https://*:8443'],
    ['every site of a top-level domain', 'https://*.com'],
    ['every top-level domain', 'https://example.*'],
    ['a part of a label', 'https://app-*.example.com'],
    ['two labels', 'https://*.*.example.com'],
    ['a label and the port', 'https://*.example.com:*'],
    ['a part of the port', 'http://localhost:3*'],
    ['an address of many', 'http://192.168.1.*'],
    ['the scheme', '*://app.example.com'],
    ['an empty label', 'https://*..example.com'],
    ['nothing', ''],
    ['two stars', '**'],
    ['another word', 'none'],
    ['more than any origin has', `https://${'a.'.repeat(300)}example.com`],
  ])('is nothing with %s', (_, pattern) => {
    expect(isOriginPattern(pattern)).toBe(false)
  })
})

describe('an origin', () => {
  it.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['https://*.preview.example.com', 'https://a1b2-c3.preview.example.com'],
    ['https://app.*.example.com', 'https://app.staging.example.com'],
    ['https://*.preview.example.com:8443', 'https://a.preview.example.com:8443'],
    ['http://localhost:*', 'http://localhost:5173'],
    ['http://localhost:*', 'http://localhost'],
    ['http://[::1]:*', 'http://[::1]:3000'],
    ['null', 'null'],
    ['*', 'https://anyone.example'],
    ['*', 'null'],
  ])('is allowed by %s: %s', (pattern, origin) => {
    expect(isOriginPattern(pattern)).toBe(true)
    expect(isAllowedOrigin(['https://other.example', pattern], origin)).toBe(true)
  })

  it.each([
    ['https://app.example.com', 'http://app.example.com'],
    ['https://app.example.com', 'https://app.example.com:8443'],
    ['https://app.example.com', 'https://app.example.com.evil.example'],
    ['https://app.example.com', 'null'],
    ['https://app.example.com', ''],
    ['capacitor://localhost', 'http://localhost'],
    ['capacitor://localhost', 'capacitor://localhost.evil.example'],
    ['https://*.preview.example.com', 'https://preview.example.com'],
    ['https://*.preview.example.com', 'https://.preview.example.com'],
    ['https://*.preview.example.com', 'https://a.b.preview.example.com'],
    ['https://*.preview.example.com', 'http://a.preview.example.com'],
    ['https://*.preview.example.com', 'https://a.preview.example.com:8443'],
    ['https://*.preview.example.com', 'https://a.preview.example.com.evil.example'],
    ['https://*.preview.example.com', 'https://evilpreview.example.com'],
    ['https://*.preview.example.com', 'https://evil.com?.preview.example.com'],
    ['https://*.preview.example.com', 'https://evil.com#.preview.example.com'],
    ['https://*.preview.example.com', 'https://evil.com/.preview.example.com'],
    ['https://*.preview.example.com', 'https://evil.com\\.preview.example.com'],
    ['https://*.preview.example.com', 'https://evil@a.preview.example.com'],
    ['https://*.preview.example.com', 'https://evil:1.preview.example.com'],
    ['https://*.preview.example.com', 'https://*.preview.example.com '],
    ['https://*.preview.example.com', 'null'],
    ['https://app.*.example.com', 'https://app.example.com'],
    ['http://localhost:*', 'https://localhost:5173'],
    ['http://localhost:*', 'http://localhost.evil.example'],
    ['http://localhost:*', 'http://localhost:80.evil.example'],
    ['http://localhost:*', 'http://localhost:5173@evil.example'],
    ['http://localhost:*', 'http://localhost:'],
    ['http://localhost:*', 'http://localhost5173'],
    ['http://localhost:*', 'http://evil-localhost:5173'],
    ['http://localhost:*', 'null'],
  ])('is not allowed by %s: %s', (pattern, origin) => {
    expect(isOriginPattern(pattern)).toBe(true)
    expect(isAllowedOrigin(['https://other.example', pattern], origin)).toBe(false)
  })

  it('is not read when it is longer than any', () => {
    const patterns = ['https://*.preview.example.com', 'http://localhost:*']
    const long = `https://${'-'.repeat(1_000_000)}.preview.example.com`
    expect(isAllowedOrigin(patterns, long)).toBe(false)
    expect(isAllowedOrigin(['*'], long)).toBe(false)
  })
})
