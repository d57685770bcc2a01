// Looks at every page with the mock behind it: writes screenshots to shots/, and
// fails on script errors, breaches of the Content-Security-Policy, and axe findings.
// Usage: npm run build && npm run shots [name …]
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { answer, sample } from './mock.mjs';

const root = new URL('../', import.meta.url).pathname;
const dist = join(root, 'dist');
const out = join(root, 'shots');
mkdirSync(out, { recursive: true });

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; media-src 'self' https: data: blob:; connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'";
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

const server = createServer(async (request, response) => {
	const url = new URL(request.url, 'http://x');
	if (url.pathname.startsWith('/api/')) {
		let text = '';
		for await (const chunk of request) text += chunk;
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
const origin = `http://localhost:${server.address().port}`;

const wide = { width: 1600, height: 1000 };
const phone = { width: 390, height: 844, scale: 2, touch: true };
const thread = `/@${sample.field.account.acct}/${sample.field.id}`;
const click = (selector) => (page) => page.locator(selector).first().click();

const shots = [
	['deck-light', '/home', wide],
	['deck-dark-compose', '/home', wide, { theme: 'dark', act: click('nav button.compose') }],
	['deck-hc', '/home', wide, { theme: 'hc-light' }],
	['deck-hc-dark', '/home', wide, { theme: 'hc-dark' }],
	['deck-profile', '/@mira', wide],
	['deck-search', '/search?q=tusk', wide, { theme: 'dark' }],
	['deck-thread', thread, wide],
	['deck-menu', '/home', wide, { act: click('[data-act=bookmark] + button') }],
	['deck-add', '/home', wide, { act: click('nav > button.item') }],
	['deck-keys', '/home', wide, { act: (page) => page.keyboard.press('?') }],
	['deck-ja', '/home', wide, { locale: 'ja-JP' }],
	['deck-error', '/search?q=broken', wide],
	['deck-404', '/nowhere', wide],
	['single', '/home', { width: 820, height: 1000 }],
	['visitor', '/', wide, { visitor: true }],
	['visitor-phone', '/', phone, { visitor: true }],
	['phone-light', '/home', phone],
	['phone-dark', '/home', phone, { theme: 'dark' }],
	['phone-thread', thread, phone],
	['phone-thread-tied', `/@${sample.box2.account.acct}/${sample.box2.id}`, phone],
	['phone-profile', '/@ada', phone],
	['phone-notifications', '/notifications', phone],
	['phone-compose', '/home', phone, { act: click('nav button[aria-label]') }],
	['phone-reply', thread, phone, { act: click('.answer') }],
	['phone-menu', '/menu', phone],
	['phone-search', '/search', phone, { theme: 'dark' }],
	['phone-requests', '/follow_requests', phone],
	['phone-empty', '/favourites', phone],
	['phone-people', '/@mira/followers', phone],
	['phone-authorize', '/authorize_interaction?uri=https%3A%2F%2Fmuseum.example%2F%40x', phone],
];

const profile = mkdtempSync(join(tmpdir(), 'shots-'));
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const axe = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
const wanted = process.argv.slice(2);
let problems = 0;

for (const [name, path, size, options = {}] of shots) {
	if (wanted.length && !wanted.some((part) => name.includes(part))) continue;
	const context = await browser.newContext({
		viewport: { width: size.width, height: size.height }, deviceScaleFactor: size.scale ?? 1, hasTouch: size.touch ?? false, isMobile: size.touch ?? false,
		locale: options.locale ?? 'en-GB', colorScheme: 'light',
	});
	const cookies = { ...(options.theme ? { anancus_theme: options.theme } : {}), ...(options.visitor ? { visitor: '1' } : {}) };
	await context.addCookies(Object.entries(cookies).map(([key, value]) => ({ name: key, value, url: origin })));
	const page = await context.newPage();
	const told = [];
	page.on('pageerror', (error) => told.push(`script: ${error.message}`));
	page.on('console', (message) => message.type() === 'error' && !/status of (401|404|503)/.test(message.text()) && told.push(`console: ${message.text()}`));
	await page.goto(origin + path);
	await page.waitForLoadState('networkidle');
	await page.waitForTimeout(250);
	if (options.act) {
		await options.act(page);
		await page.waitForTimeout(450);
	}
	await page.screenshot({ path: join(out, `${name}.png`) });
	await page.evaluate(axe);
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
	for (const violation of violations) told.push(`axe ${violation.impact} ${violation.id}: ${violation.nodes.slice(0, 2).map((node) => node.html.slice(0, 160)).join(' | ')} (${violation.nodes.length})`);
	console.log(`${told.length ? '✗' : '✓'} ${name}${told.map((line) => `\n    ${line}`).join('')}`);
	problems += told.length;
	await context.close();
}
await browser.close();
server.close();
rmSync(profile, { recursive: true, force: true });
process.exit(problems ? 1 : 0);
