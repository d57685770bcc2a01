// A few journeys through the built app with the mock behind it. Usage: npm run build && npm run journeys
import assert from 'node:assert/strict';
import { sample } from './mock.mjs';
import { asked, launch, origin, server } from './serve.mjs';

const browser = await launch();
let failed = 0;

async function journey(name, size, walk) {
	const context = await browser.newContext({ viewport: size, locale: 'en-GB', hasTouch: size.width < 700 });
	const page = await context.newPage();
	page.setDefaultTimeout(6000);
	const errors = [];
	page.on('pageerror', (error) => errors.push(error.message));
	asked.length = 0;
	try {
		await page.goto(`${origin}/home`);
		await page.locator('article[data-status]').first().waitFor();
		await walk(page, context);
		assert.deepEqual(errors, []);
		console.log(`✓ ${name}`);
	} catch (error) {
		failed++;
		console.log(`✗ ${name}\n    ${String(error.stack).slice(0, 900)}`);
	}
	await context.close();
}

const deck = { width: 1600, height: 1000 };
const phone = { width: 390, height: 844 };
const home = (page) => page.locator('[data-column="/home"]');

await journey('a thread opens inside its column, and back returns to the same post', deck, async (page) => {
	const column = home(page);
	await column.locator('article', { hasText: 'The cat is in the box' }).locator('.body').click();
	await column.getByRole('heading', { name: 'Post', exact: true }).waitFor();
	assert.equal(new URL(page.url()).pathname, '/home');
	await column.getByRole('button', { name: 'Back' }).click();
	await column.getByRole('heading', { name: 'Home' }).waitFor();
	const focused = await page.evaluate(() => document.activeElement?.getAttribute('data-status'));
	assert.equal(focused, sample.box2.id);
});

await journey('keys move, favourite and open', deck, async (page) => {
	await home(page).locator('[data-view]').first().click({ position: { x: 5, y: 300 } });
	await page.keyboard.press('j');
	await page.keyboard.press('j');
	await page.keyboard.press('f');
	const pressed = page.locator('article:focus [data-act=favourite]');
	assert.equal(await pressed.getAttribute('aria-pressed'), 'true');
	await page.waitForTimeout(150);
	assert.equal(asked.at(-1).path.split('/').at(-1), 'favourite');
	await page.keyboard.press('g');
	await page.keyboard.press('l');
	await page.waitForURL('**/public/local');
	await page.keyboard.press('?');
	await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({ state: 'detached' });
});

await journey('new posts wait behind a chip', deck, async (page) => {
	const first = await home(page).locator('article').first().getAttribute('data-status');
	await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
	const chip = home(page).getByRole('button', { name: '2 new' });
	await chip.waitFor();
	assert.equal(await home(page).locator('article').first().getAttribute('data-status'), first);
	await chip.click();
	await home(page).locator('article', { hasText: 'A robin has opinions' }).waitFor();
	assert.equal(await chip.count(), 0);
});

await journey('a draft survives a reload and is sent once, with its key', deck, async (page) => {
	await page.getByRole('button', { name: 'New post' }).click();
	await page.getByRole('textbox', { name: 'Text of your post' }).fill('Straight lines only');
	await page.getByRole('button', { name: /^Who can see this/ }).click();
	await page.getByRole('menuitemradio', { name: /This server only/ }).click();
	await page.reload();
	await page.getByRole('button', { name: 'New post' }).click();
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	assert.equal(await box.inputValue(), 'Straight lines only');
	await box.press('Control+Enter');
	await page.getByText('Posted').waitFor();
	const [sent, ...more] = asked.filter(({ path }) => path === '/api/v1/statuses');
	assert.equal(more.length, 0);
	assert.equal(sent.body.visibility, 'public');
	assert.equal(sent.body.local_only, true);
	assert.match(sent.key, /^[0-9a-f-]{32,36}$/);
	await home(page).locator('article', { hasText: 'Straight lines only' }).waitFor();
	await page.getByRole('button', { name: 'New post' }).click();
	assert.equal(await box.inputValue(), '');
});

await journey('a reply names everyone and stays in its audience', deck, async (page) => {
	const secret = home(page).locator('article', { hasText: 'See you on Thursday' });
	await secret.scrollIntoViewIfNeeded();
	await secret.locator('[data-act=reply]').click();
	const box = page.getByRole('textbox', { name: 'Text of your post' });
	assert.equal(await box.inputValue(), '@mira ');
	await page.getByRole('button', { name: 'Who can see this: Mentioned people' }).waitFor();
});

await journey('columns are moved, removed, added and remembered', deck, async (page) => {
	const order = () => page.locator('[data-column]').evaluateAll((all) => all.map((one) => one.dataset.column));
	await home(page).getByRole('button', { name: 'Column options' }).click();
	await page.getByRole('menuitem', { name: 'Move right' }).click();
	assert.deepEqual(await order(), ['/notifications', '/home', '/public/local']);
	await page.locator('[data-column="/public/local"]').getByRole('button', { name: 'Column options' }).click();
	await page.getByRole('menuitem', { name: 'Remove column' }).click();
	await page.getByRole('button', { name: 'Add column' }).click();
	await page.getByRole('textbox', { name: 'Hashtag to follow along' }).fill('#写真');
	await page.keyboard.press('Enter');
	await page.reload();
	await page.locator('article').first().waitFor();
	assert.deepEqual(await order(), ['/notifications', '/home', '/tags/%E5%86%99%E7%9C%9F']);
});

await journey('deleting asks first', deck, async (page) => {
	const own = home(page).locator('article', { hasText: 'spare SD cards' });
	await own.scrollIntoViewIfNeeded();
	await own.getByRole('button', { name: 'More' }).click();
	await page.getByRole('menuitem', { name: 'Delete', exact: true }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
	await page.getByText('Post deleted').waitFor();
	assert.equal(await own.count(), 0);
});

await journey('the theme is chosen before the first paint of the next page', deck, async (page, context) => {
	await page.getByRole('button', { name: 'Appearance' }).click();
	await page.getByRole('menuitemradio', { name: 'Dark', exact: true }).click();
	assert.equal((await context.cookies()).find(({ name }) => name === 'anancus_theme')?.value, 'dark');
	await page.reload({ waitUntil: 'commit' });
	assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
});

await journey('a phone goes there and back to where it was', phone, async (page) => {
	const post = page.locator('article', { hasText: 'Frost on the kale' });
	await post.scrollIntoViewIfNeeded();
	await page.waitForTimeout(200);
	const before = (await post.boundingBox()).y;
	await post.locator('.body').click();
	await page.getByRole('heading', { name: 'Post', exact: true }).waitFor();
	assert.match(new URL(page.url()).pathname, /^\/@plot27\/\d+$/);
	await page.goBack();
	await post.waitFor();
	await page.waitForTimeout(200);
	const after = (await post.boundingBox()).y;
	assert.ok(Math.abs(after - before) <= 2, `was at ${before}, now at ${after}`);
	await page.getByRole('link', { name: /Alerts/ }).click();
	await page.getByRole('heading', { name: 'Notifications' }).waitFor();
});

await journey('a profile is followed, its tabs replace one another', phone, async (page) => {
	await page.goto(`${origin}/@plot27`);
	await page.getByRole('button', { name: 'Follow', exact: true }).click();
	await page.getByRole('button', { name: 'Following' }).waitFor();
	assert.match(asked.at(-1).path, /\/follow$/);
	await page.getByRole('link', { name: 'Media' }).click();
	await page.waitForURL('**/media');
	await page.getByRole('button', { name: 'Back' }).click();
	await page.waitForURL('**/home');
});

await browser.close();
server.close();
process.exit(failed ? 1 : 0);
