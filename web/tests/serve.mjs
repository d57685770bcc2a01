// The built app behind the mock API, with the strict Content-Security-Policy the server will send.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { answer } from './mock.mjs';

export const root = new URL('../', import.meta.url).pathname;
const dist = join(root, 'dist');

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; media-src 'self' https: data: blob:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Every API request that changes something, for tests to look at. */
export const asked = [];

export const server = createServer(async (request, response) => {
	const url = new URL(request.url, 'http://x');
	if (url.pathname.startsWith('/api/')) {
		let text = '';
		for await (const chunk of request) text += chunk;
		if (!/json/.test(request.headers['content-type'] ?? '')) text = ''; // files are taken unread
		if (request.method !== 'GET') asked.push({ path: url.pathname, body: text ? JSON.parse(text) : null, key: request.headers['idempotency-key'] });
		const signedIn = !/visitor=1/.test(request.headers.cookie ?? '');
		const [code, body, headers] = answer(request.method, url, text ? JSON.parse(text) : null, { signedIn });
		response.writeHead(code, { 'Content-Type': 'application/json', ...headers });
		return response.end(JSON.stringify(body));
	}
	const file = join(dist, url.pathname);
	const path = extname(url.pathname) && existsSync(file) ? file : join(dist, 'index.html');
	const theme = /anancus_theme=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1] ?? 'auto';
	const bytes = readFileSync(path, path.endsWith('.html') ? 'utf8' : undefined);
	response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP });
	response.end(path.endsWith('.html') ? bytes.replace('data-theme="auto"', `data-theme="${theme}"`) : bytes);
}).listen(0);
export const origin = `http://localhost:${server.address().port}`;

export const launch = () =>
	chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
