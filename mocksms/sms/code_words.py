"""Words and symbols that say what a number in a text is, in English and Hebrew."""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache
from typing import Final


class Kind(Enum):
    """What a part of a text says about the numbers near it."""

    SECRET = auto()
    """Announces a one-time code: "OTP", "PIN"."""
    CODE = auto()
    """Announces a code, of whatever kind: "code"."""
    LINK = auto()
    """Ties two parts together: "is", a colon."""
    LABEL = auto()
    """Names another number: "order", "balance"."""
    NUMBER = auto()
    """Belongs to the name before it: "number", "no."."""
    PREPOSITION = auto()
    """Is not followed by a code: "to", "ending"."""
    UNIT = auto()
    """Counts what the number before it counts: "points"."""
    CURRENCY = auto()
    INPUT = auto()
    """Says to type what follows: "enter"."""
    VERB = auto()
    """Says what to do with a code: "use"."""
    PURPOSE = auto()
    """Says what a code is for: "log in"."""
    STATE = auto()
    """Says what happened to a code that is not in the text: "changed"."""
    VALIDITY = auto()
    """Comes before the end of a period: "expires"."""
    DISCOUNT = auto()
    LIST = auto()
    """Separates the parts of a list: "and", a comma."""
    OWNER = auto()
    """Is next to a name: "your", "one-time"."""
    WORD = auto()
    """Any other word."""
    OTHER = auto()
    """A number, link or name that is no code by its form."""
    CANDIDATE = auto()
    """A number that may be a code by its form."""
    ORIGIN = auto()
    """The host of an origin-bound code."""
    HASH = auto()
    QUOTE = auto()
    """Brackets, quotes and marks of emphasis."""
    SENTENCE_END = auto()
    LINE_END = auto()


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_HANDOVER: Final = """
    present show give tell reply provide here heres
    הצג הציגי הציגו להציג מסור מסרי מסרו למסור תן תני תנו אמור אמרי אמרו הנה
    """

_WORDS: Final = {
    Kind.SECRET: """
        otp otps totp TAN mtan etan pin password passwords passcode passcodes passkey verification
        authentication 2fa mfa safekey securecode
        contraseña senha المرور passwort kennwort clave пароль пароля
        אימות האימות סיסמה סיסמא סיסמת סיסמתך סיסמאות סיסמתכם הסיסמה הסיסמא פין פינקוד סודי סודית
        """,
    Kind.CODE: """
        code codes token keycode combination codigo código codice kode kod kodu
        verificatiecode bestätigungscode sicherheitscode קומבינציה הקומבינציה מפתח המפתח
        код коду кода кодом رمز الرمز كود الكود رمزك צופן קוד קודים קודי קודך קודכם הקוד
        """,
    Kind.LINK: "es est ist lautet é è هو is are = : - – — → > => 👉 ➡ הוא היא הם הינו הינה זה זהו זוהי",
    Kind.LABEL: """
        order orders parcel parcels package packages shipment shipments tracking awb invoice bill
        account accounts acct acc ac card cards ticket tickets reference ref booking reservation
        appointment request case id flight gate seat room table desk counter branch store shop locker
        apartment apt floor suite street st road rd ave avenue building block house box bus train line
        platform route model version build device phone mobile tel telephone fax cell call dial whatsapp
        contact hotline text serial item sku product batch customer client member membership policy
        contract claim file form transaction txn trx payment purchase total subtotal sum amount balance
        price fee charge charged paid due debt cost credit credits refund salary deposit transfer
        withdrawal limit meter queue turn year page chapter plate vehicle car license licence passport
        extension ext exit lot vol iban swift mcc utr rrn receipt employee student patient lab
        user username session meeting conference module job task project rate section clause paragraph
        article letter ward host sensor merchant terminal station kiosk machine atm zip fine report
        application visa mastercard amex isracard debit
        הזמנה הזמנת הזמנתך חבילה חבילת חבילתך חבילות משלוח משלוחך משלוחו חשבונית חשבון
        חשבונך חשבונכם כרטיס כרטיסך אסמכתא אסמכתה פנייה פניה פנייתך פנייתכם קריאה תיק תור תורך קבלה
        פוליסה פוליסת לקוח לקוחה סניף רחוב רח שדרות דירה קומה בניין בית תא לוקר עמדה דלפק טיסה חדר קו
        רכב רכבך רישוי רישיון סכום סך סהכ יתרה יתרת יתרתך חוב תשלום מחיר עלות זיכוי חיוב משכורת הפקדה
        העברה משיכה מסגרת טלפון טל נייד פקס שלוחה מוקד חייג חייגו התקשר התקשרו צלצל עסקה עסקת
        רכישה מנוי עובד פריט דגם גרסה גרסת שנה שנת זהות תעודת תז מונה דוח שומה תביעה תלמיד סטודנט מזהה
        סעיף משתמש מסוף שער עס פעולה משימה פרויקט ויזה מסטרקארד ישראכרט
        """,
    Kind.NUMBER: "number numbers digit digits no num nr nbr מספר מספרה מספרו מס ספרות הספרות",
    Kind.PREPOSITION: """
        to at by from for until till since before after over than about in on within near via through of
        around ending ended ends last first between
        עד מ ב ל ה ו כ מתוך לפני אחרי מאז בשעה בשעות בתאריך עבור מעל מתחת בין מסתיים המסתיים שמסתיים
        מסתיימת המסתיימת שמסתיימת הסתיים שמספרו אחרונות האחרונות
        """,
    Kind.UNIT: """
        points point pins people users customers items item units unit km kg mg gb mb kb ml mah kwh kcal
        calories steps miles minutes minute mins min seconds second secs sec hours hour hrs days day
        weeks months years followers likes votes orders messages views guests participants members
        employees
        נקודות אנשים איש לקוחות משתמשים פריטים יחידות דקות דקה שניות שעות ימים חודשים שנים צעדים קמ קג
        גב מגה עוקבים מטר קילומטר אחוז אחוזים משתתפים עובדים הודעות
        """,
    Kind.CURRENCY: """
        ₪ $ € £ ¥ ₹ nis ils usd eur gbp rs inr aed dollar dollars euro euros shekel shekels pounds cents
        שח שקל שקלים דולר דולרים יורו אגורות
        """,
    Kind.INPUT: """
        enter entering type typing input insert key punch paste read say write fill
        введите наберите укажите أدخل ادخل escribe escriba ingresa ingrese introduce introduzca digite
        saisissez entrez tapez eingeben
        הזן הזיני הזינו הקש הקישי הקישו הקלד הקלידי הקלידו הכנס הכנסי הכניסו להזין להקיש להקליד להכניס
        הזנת הקשת הקלדת הזנה הקשה הקלדה רשום רשמי רשמו לרשום כתוב כתבי כתבו לכתוב ציין צייני ציינו לציין
        הקרא הקריאי הקריאו להקריא
        """,
    Kind.VERB: "use using submit quote השתמש השתמשי השתמשו " + _HANDOVER,
    Kind.PURPOSE: """
        log login logon logging sign signin signing verify verifying validate confirm confirming
        confirmation authenticate authorize authorise authorization access unlock activate activation
        approve approval reset pickup pick collect register registration join continue complete proceed
        view open pair connect start finish link recover prove identify sign-up sign-in log-in
        כניסה להיכנס התחברות להתחבר לאמת אישור לאשר איסוף לאסוף זיהוי הזדהות להזדהות הרשמה להירשם איפוס
        לאפס לוודא הפעלה להפעיל שחרור פתיחה פתיחת לפתוח צפייה צפיה שינוי חתימה חתימת השלמה השלמת סיום המשך
        קבלת שחזור הצטרפות מסירה מסירת
        """,
    Kind.STATE: """
        changed used sent emailed mailed updated blocked wrong incorrect invalid failed attempts
        requested
        שונה שונתה עודכן עודכנה נשלח נשלחה נחסם נחסמה שגוי שגויה הוחלף הוחלפה
        """,
    Kind.VALIDITY: """
        valid validity exp expire expires expired expiry expiration thru eta etd date time
        תקף תקפה תוקף בתוקף פג פגה תפוג שעה יום תאריך
        """,
    Kind.DISCOUNT: """
        % discount discounts sale coupon coupons promo promotion cashback gift gifts bonus voucher
        הנחה הנחת הנחות מבצע מבצעים קופון קופונים הטבה הטבת מתנה מתנת
        """,
    Kind.LIST: "and or & , ; / או וגם",
    Kind.OWNER: """
        ihr ihre dein su tu seu sua votre ton le la el il tuo de di da для ваш вашего вход входа
        your the our my this his her their one-time onetime temporary personal unique private
        الخاص الخاصة بك
        שלך שלכם של אישי האישי אישית האישית זמני זמנית חד החד פעמי פעמית חד-פעמי חד-פעמית החד-פעמי החד-פעמית
        """,
    Kind.WORD: "מסך",
    Kind.HASH: "#",
    Kind.QUOTE: "( ) [ ] { } < > . .. ... … \" ' “ ” „ ‘ ’ « » ` * _ ״ ׳ |",
}

_KINDS: Final = {word: kind for kind, words in _WORDS.items() for word in words.split()}

ANNOUNCING: Final = frozenset({Kind.SECRET, Kind.CODE})
VERBS: Final = frozenset({Kind.INPUT, Kind.VERB})
NUMBERS: Final = frozenset({Kind.CANDIDATE, Kind.OTHER})
TRANSPARENT: Final = frozenset({Kind.QUOTE, Kind.HASH})
BREAKS: Final = frozenset({Kind.SENTENCE_END, Kind.LINE_END})

OTHER_CODES: Final = _words("""
    zip zipcode postal post area error status dress qr bar source country dialing dialling dial branch
    sort swift product item promo promotion promotional coupon discount voucher gift offer referral
    refer invite invitation tracking booking reservation ifsc tax customer client department color
    colour exit airport currency language exam course fault alarm reason response return cheat morse
    genetic review barcode postcode qrcode promocode vouchercode
    רחוב עיר יישוב ישוב מוסד קופון הנחה הנחת מבצע הטבה שובר מוצר פריט לקוח סניף שגיאה
    אזור מדינה מיקוד הזמנה מעקב פעולה מועדון דגם
    """)  # fmt: skip
"""A word beside "code" that makes it no one-time code."""

ABBREVIATIONS: Final = _words("no nr num ref tel st dr mr mrs ms inc ltd co corp rs acc acct apt ext vs")
"""A full stop after them ends no sentence."""

PHRASAL: Final = _words("log logging sign signing check pick opt key enter type typing punch put read fill")
"""Verbs that an "in", "on" or "up" belongs to."""

CLAUSE_ENDS: Final = _words("for in on of about over")
"""Prepositions that may end a clause: "the code you asked for: 481516"."""

OTHER_IF_NAMED: Final = _words("verification authentication")
"""Words that announce no code if a label follows: "verification fee"."""

PLACES: Final = _words("לוקר תא חדר דירה בית בניין שער")
"""Labels of what a code opens."""

DEFINITE_PREFIXES: Final = frozenset("הל")

PHONES: Final = _words("phone mobile cell telephone tel טלפון נייד טל")

LOGINS: Final = _words("login log-in logon sign-in verify כניסה להיכנס התחברות להתחבר")

HANDOVER: Final = _words(_HANDOVER)
"""Verbs with a person before the number: "show the driver 481516"."""

CODE_NUMBERS: Final = LOGINS | _words("security secret magic verification authentication")
"""A word before "number" that makes it a code: "sign-in number"."""

DIGITS: Final = _words("digits ספרות הספרות")

LAST: Final = _words("last final first אחרונות האחרונות")

THIS: Final = _words("this it")

WITH: Final = _words("with using עם באמצעות")

MAX_WORD_LENGTH: Final = 32
"""Characters of a word that is looked up."""

_PREFIXES: Final = frozenset("ובהכלמש")
_MARKS: Final = str.maketrans("", "", "\"'’״׳")


def plain_word(word: str) -> str:
    """Return a word in lower case without quotes in it, without Hebrew prefixes if that makes it known.

    What follows a slash is an ending for another gender.
    """
    word = word.lower().translate(_MARKS).partition("/")[0]
    for length in range(4):
        rest = word[length:].lstrip("-")
        if set(word[:length]) <= _PREFIXES and len(rest) > 1 and rest in _KINDS:
            return rest
    return word


def kind_of(word: str) -> Kind:
    """Return what a word or a symbol says; that of a part if it has hyphens."""
    return _kind_of(word) if len(word) <= MAX_WORD_LENGTH else Kind.WORD


@lru_cache(maxsize=4096)
def _kind_of(word: str) -> Kind:
    if (kind := _KINDS.get(word) or _KINDS.get(plain_word(word))) is not None:
        return kind
    if len(word) == 1 and not (word.isascii() or word.isalpha()):
        return Kind.QUOTE
    if word.endswith(("code", "codes")) and word not in OTHER_CODES:
        return Kind.CODE  # of compounds, as in German: "Abholcode"
    kinds = [_KINDS.get(plain_word(part), Kind.WORD) for part in word.split("-")]
    is_hebrew = not word.isascii()
    return next((kind for kind in kinds if is_hebrew and kind in ANNOUNCING), kinds[-1])
