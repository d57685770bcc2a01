// Looks at every page with the mock behind it: writes screenshots to shots/, and
// fails on script errors, breaches of the Content-Security-Policy, and axe findings.
// Usage: npm run build && npm run shots [name …]
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sample } from './mock.mjs';
import { launch, origin, root, server } from './serve.mjs';

const out = join(root, 'shots');
mkdirSync(out, { recursive: true });

const wide = { width: 1600, height: 1000 };
const phone = { width: 390, height: 844, scale: 2, touch: true };
const thread = `/@${sample.field.account.acct}/${sample.field.id}`;
const click = (selector) => (page) => page.locator(selector).first().click();

const png = readFileSync(join(root, 'tests/picture.png'));
/** Writes a post with two pictures, the first of them described. */
const attach = async (page, { edit = false } = {}) => {
	const files = ['tusk-left.png', 'tusk-right.png', 'tape.png'].slice(0, edit ? 1 : 2).map((name) => ({ name, mimeType: 'image/png', buffer: png }));
	await page.locator('input[type=file]').setInputFiles(files);
	await page.locator('[data-edit="0"]').click();
	await page.getByRole('textbox', { name: 'Description' }).fill('A pale, perfectly straight tusk on a long table beside a tape measure.');
	await page.locator('[role=slider]').press('ArrowRight');
	if (edit) return;
	await page.getByRole('button', { name: 'Save' }).click();
	await page.locator('[data-upload=ready]').nth(1).waitFor();
};
const compose = (options) => async (page) => {
	await page.locator('nav button.compose, nav button[aria-label="New post"]').first().click();
	await attach(page, options);
};

/** Replies came from other servers. */
const newReplies = (page) => page.getByRole('button', { name: 'Show new replies' }).waitFor();

const shots = [
	['media-light', '/tags/media', { width: 1600, height: 2400 }],
	['media-dark', '/tags/media', { width: 1600, height: 2400 }, { theme: 'dark' }],
	['media-phone', '/tags/media', { ...phone, height: 2400 }],
	['media-alt', '/home', wide, { act: click('article .alt') }],
	['viewer', '/home', wide, { act: click('article .m .open') }],
	['viewer-phone', '/home', phone, { act: click('article .m .open') }],
	['viewer-zoomed', '/home', wide, { act: async (page) => { await click('article .m .open')(page); await page.keyboard.press('+'); await page.keyboard.press('+'); } }],
	['upload-light', '/home', wide, { act: compose() }],
	['upload-dark', '/home', wide, { theme: 'dark', act: compose() }],
	['upload-hc', '/home', wide, { theme: 'hc-light', act: compose() }],
	['upload-phone', '/home', phone, { act: compose() }],
	['upload-edit', '/home', wide, { act: compose({ edit: true }) }],
	['upload-edit-phone', '/home', phone, { theme: 'dark', act: compose({ edit: true }) }],
	['profile-edit', '/@ada', wide, { act: click('.profile .btn') }],
	['profile-edit-phone', '/@ada', phone, { act: click('.profile .btn') }],
	['push', '/settings/notifications', wide, { push: true }],
	['push-dark', '/settings/notifications', wide, { push: true, theme: 'dark' }],
	['push-hc', '/settings/notifications', wide, { push: true, theme: 'hc-light' }],
	['push-phone', '/settings/notifications', phone, { push: true }],
	['push-denied', '/settings/notifications', phone, { push: 'denied' }],
	['push-offer', '/notifications', wide, { push: 'offer' }],
	['push-offer-phone', '/notifications', phone, { push: 'offer', theme: 'dark' }],
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
	['phone-thread-new', `/@${sample.box2.account.acct}/${sample.box2.id}`, phone, { act: newReplies }],
	['deck-thread-new', `/@${sample.box2.account.acct}/${sample.box2.id}`, wide, { act: newReplies }],
	['phone-reply', thread, phone, { act: click('.answer') }],
	['phone-menu', '/menu', phone],
	['phone-search', '/search', phone, { theme: 'dark' }],
	['phone-requests', '/follow_requests', phone],
	['phone-empty', '/favourites', phone],
	['collection', '/collections/5', wide],
	['collection-dark', '/collections/5', wide, { theme: 'dark' }],
	['collection-phone', '/collections/5', phone],
	['collection-phone-hc', '/collections/5', phone, { theme: 'hc-dark' }],
	['collection-ja', '/collections/5', phone, { locale: 'ja-JP' }],
	['collection-empty', '/collections/6', phone],
	['collection-sensitive', '/collections/7', phone],
	['collection-shown', '/collections/7', phone, { act: click('.notice .btn') }],
	['collection-gone', '/collections/8', phone],
	['collection-visitor', '/collections/5', phone, { visitor: true }],
	['phone-people', '/@mira/followers', phone],
	['phone-authorize', '/authorize_interaction?uri=https%3A%2F%2Fmuseum.example%2F%40x', phone],
];

/** A browser that can be told, or whose owner said no. */
function pretend(how) {
	let here = null;
	let permission = how === 'denied' ? 'denied' : 'default';
	Object.defineProperty(Notification, 'permission', { get: () => permission });
	Notification.requestPermission = async () => (permission = 'granted');
	const subscription = { endpoint: 'https://push.example/1', toJSON: () => ({ endpoint: 'https://push.example/1', keys: {} }), unsubscribe: async () => (here = null) };
	const registration = { pushManager: { getSubscription: async () => here, subscribe: async () => (here = subscription) }, getNotifications: async () => [] };
	Object.assign(navigator.serviceWorker, { register: async () => registration, getRegistration: async () => registration });
	Object.defineProperty(navigator.serviceWorker, 'ready', { get: async () => registration });
}

const browser = await launch();
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
	if (options.push) await context.addInitScript(pretend, options.push);
	await context.addCookies(Object.entries(cookies).map(([key, value]) => ({ name: key, value, url: origin })));
	const page = await context.newPage();
	const told = [];
	page.on('pageerror', (error) => told.push(`script: ${error.message}`));
	page.on('console', (message) => message.type() === 'error' && !/status of (401|404|503)/.test(message.text()) && told.push(`console: ${message.text()}`));
	await page.goto(origin + path);
	await page.waitForLoadState('networkidle');
	await page.waitForTimeout(250);
	if (options.push === 'offer') await page.locator('button.count').click(); // read what came: a mention among it
	if (options.push === true) await page.getByRole('switch').click();
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
process.exit(problems ? 1 : 0);
