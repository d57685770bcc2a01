package text

import "strings"

// LanguageName is a language that a post can be written in.
type LanguageName struct {
	Code   string // ISO 639-1 where there is one, else 639-3; Chinese also by region
	Name   string // in English
	Native string // in the language itself
}

// Languages lists the languages that posts can have, ordered by code.
func Languages() []LanguageName { return append([]LanguageName(nil), languages...) }

// Language returns the code under which a language is kept. Regions are dropped unless they
// are languages of their own to their readers: pt-BR is pt, zh-TW stays.
func Language(code string) (string, bool) {
	code = strings.ToLower(strings.ReplaceAll(code, "_", "-"))
	if known, ok := languageCodes[code]; ok {
		return known, true
	}
	base, _, _ := strings.Cut(code, "-")
	known, ok := languageCodes[base]
	return known, ok
}

var (
	languages     = parseLanguages(languageTable)
	languageCodes = indexLanguages(languages)
)

func parseLanguages(table string) []LanguageName {
	var list []LanguageName
	for line := range strings.Lines(table) {
		code, rest, _ := strings.Cut(strings.TrimSpace(line), "|")
		name, native, _ := strings.Cut(rest, "|")
		list = append(list, LanguageName{code, name, native})
	}
	return list
}

func indexLanguages(list []LanguageName) map[string]string {
	codes := make(map[string]string, len(list))
	for _, l := range list {
		codes[strings.ToLower(l.Code)] = l.Code
	}
	return codes
}

// languageTable holds the codes that Mastodon accepts, so that a post keeps its language on
// the way. The names are those of the Unicode CLDR where it has them.
const languageTable = `aa|Afar|Afaraf
ab|Abkhaz|аԥсуа
ae|Avestan|avesta
af|Afrikaans|Afrikaans
ak|Akan|Akan
am|Amharic|አማርኛ
an|Aragonese|aragonés
ar|Arabic|العربية
as|Assamese|অসমীয়া
ast|Asturian|asturianu
av|Avaric|авар мацӏ
ay|Aymara|Aymar aru
az|Azerbaijani|azərbaycan
ba|Bashkir|башҡортса
be|Belarusian|беларуская
bg|Bulgarian|български
bh|Bihari|भोजपुरी
bi|Bislama|Bislama
bm|Bambara|bamanakan
bn|Bengali|বাংলা
bo|Tibetan|བོད་སྐད་
br|Breton|brezhoneg
bs|Bosnian|bosanski
ca|Catalan|català
ce|Chechen|нохчийн
ch|Chamorro|Chamoru
chr|Cherokee|ᏣᎳᎩ
ckb|Kurdish (Sorani)|کوردیی ناوەندی
cnr|Montenegrin|crnogorski
co|Corsican|corsu
cr|Cree|ᓀᐦᐃᔭᐍᐏᐣ
cs|Czech|čeština
csb|Kashubian|kaszëbsczi
cu|Old Church Slavonic|словѣньскъ
cv|Chuvash|чӑвашла
cy|Welsh|Cymraeg
da|Danish|dansk
de|German|Deutsch
dv|Divehi|ދިވެހި
dz|Dzongkha|རྫོང་ཁ
ee|Ewe|Eʋegbe
el|Greek|Ελληνικά
en|English|English
eo|Esperanto|esperanto
es|Spanish|español
et|Estonian|eesti
eu|Basque|euskara
fa|Persian|فارسی
ff|Fula|Pulaar
fi|Finnish|suomi
fj|Fijian|Na Vosa Vakaviti
fo|Faroese|føroyskt
fr|French|français
fy|Western Frisian|Frysk
ga|Irish|Gaeilge
gd|Scottish Gaelic|Gàidhlig
gl|Galician|galego
gu|Gujarati|ગુજરાતી
gv|Manx|Gaelg
ha|Hausa|Hausa
he|Hebrew|עברית
hi|Hindi|हिन्दी
ho|Hiri Motu|Hiri Motu
hr|Croatian|hrvatski
ht|Haitian|kreyòl ayisyen
hu|Hungarian|magyar
hy|Armenian|հայերեն
hz|Herero|Otjiherero
ia|Interlingua|interlingua
id|Indonesian|Bahasa Indonesia
ie|Interlingue|Interlingue
ig|Igbo|Igbo
ii|Nuosu|ꆈꌠꉙ
ik|Inupiaq|Iñupiaq
io|Ido|Ido
is|Icelandic|íslenska
it|Italian|italiano
iu|Inuktitut|ᐃᓄᒃᑎᑐᑦ
ja|Japanese|日本語
jbo|Lojban|la .lojban.
jv|Javanese|Jawa
ka|Georgian|ქართული
kab|Kabyle|Taqbaylit
kg|Kongo|Kikongo
ki|Kikuyu|Gikuyu
kj|Kwanyama|Oshikwanyama
kk|Kazakh|қазақ тілі
kl|Kalaallisut|kalaallisut
km|Khmer|ខ្មែរ
kn|Kannada|ಕನ್ನಡ
ko|Korean|한국어
kr|Kanuri|Kanuri
ks|Kashmiri|کٲشُر
ku|Kurdish (Kurmanji)|Kurdî
kv|Komi|коми кыв
kw|Cornish|kernewek
ky|Kyrgyz|кыргызча
la|Latin|Latina
lb|Luxembourgish|Lëtzebuergesch
ldn|Láadan|Láadan
lfn|Lingua Franca Nova|lingua franca nova
lg|Ganda|Luganda
li|Limburgish|Limburgs
ln|Lingala|lingála
lo|Lao|ລາວ
lt|Lithuanian|lietuvių
lu|Luba-Katanga|Tshiluba
lv|Latvian|latviešu
mg|Malagasy|Malagasy
mh|Marshallese|Kajin M̧ajeļ
mi|Māori|te reo Māori
mk|Macedonian|македонски
ml|Malayalam|മലയാളം
mn|Mongolian|монгол
moh|Mohawk|Kanien’kéha
mr|Marathi|मराठी
ms|Malay|Melayu
ms-Arab|Jawi Malay|بهاس ملايو
mt|Maltese|Malti
my|Burmese|မြန်မာ
na|Nauru|Dorerin Naoero
nb|Norwegian Bokmål|norsk bokmål
nd|Northern Ndebele|isiNdebele
nds|Low German|Plattdüütsch
ne|Nepali|नेपाली
ng|Ndonga|Oshindonga
nl|Dutch|Nederlands
nn|Norwegian Nynorsk|nynorsk
no|Norwegian|norsk
nr|Southern Ndebele|isiNdebele
nv|Navajo|Diné bizaad
ny|Chichewa|Chichewa
oc|Occitan|occitan
oj|Ojibwe|ᐊᓂᔑᓈᐯᒧᐎᓐ
om|Oromo|Oromoo
or|Odia|ଓଡ଼ିଆ
os|Ossetian|ирон
pa|Punjabi|ਪੰਜਾਬੀ
pdc|Pennsylvania Dutch|Deitsch
pi|Pāli|पालि
pl|Polish|polski
ps|Pashto|پښتو
pt|Portuguese|português
qu|Quechua|Runasimi
rm|Romansh|rumantsch
rn|Kirundi|Ikirundi
ro|Romanian|română
ru|Russian|русский
rw|Kinyarwanda|Kinyarwanda
sa|Sanskrit|संस्कृतम्
sc|Sardinian|sardu
sco|Scots|Scots
sd|Sindhi|سنڌي
se|Northern Sami|davvisámegiella
sg|Sango|Sängö
si|Sinhala|සිංහල
sk|Slovak|slovenčina
sl|Slovenian|slovenščina
sma|Southern Sami|åarjelsaemien gïele
smj|Lule Sami|julevsámegiella
sn|Shona|chiShona
so|Somali|Soomaali
sq|Albanian|shqip
sr|Serbian|српски
ss|Swati|SiSwati
st|Southern Sotho|Sesotho
su|Sundanese|Basa Sunda
sv|Swedish|svenska
sw|Swahili|Kiswahili
szl|Silesian|ślōnski
ta|Tamil|தமிழ்
te|Telugu|తెలుగు
tg|Tajik|тоҷикӣ
th|Thai|ไทย
ti|Tigrinya|ትግርኛ
tk|Turkmen|Türkmen dili
tl|Tagalog|Tagalog
tn|Tswana|Setswana
to|Tonga|lea fakatonga
tok|Toki Pona|toki pona
tr|Turkish|Türkçe
ts|Tsonga|Xitsonga
tt|Tatar|татар
tw|Twi|Twi
ty|Tahitian|Reo Tahiti
ug|Uyghur|ئۇيغۇرچە
uk|Ukrainian|українська
ur|Urdu|اردو
uz|Uzbek|o‘zbek
vai|Vai|ꕙꔤ
ve|Venda|Tshivenḓa
vi|Vietnamese|Tiếng Việt
vo|Volapük|Volapük
wa|Walloon|walon
wo|Wolof|Wolof
xal|Kalmyk|хальмг келн
xh|Xhosa|isiXhosa
yi|Yiddish|ייִדיש
yo|Yoruba|Èdè Yorùbá
za|Zhuang|Vahcuengh
zba|Balaibalan|باليبلن
zgh|Standard Moroccan Tamazight|ⵜⴰⵎⴰⵣⵉⵖⵜ
zh|Chinese|中文
zh-CN|Chinese (China)|简体中文
zh-HK|Chinese (Hong Kong)|繁體中文（香港）
zh-TW|Chinese (Taiwan)|繁體中文（臺灣）
zh-YUE|Cantonese|粵語
zu|Zulu|isiZulu`
