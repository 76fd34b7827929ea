"""The everyday ways in which tool calls carry credentials. All values are made up.

Each table maps a text to the credential that is put in place of ``{}``. The texts follow the manuals of the tools.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tests.unit.secrets.secret_samples import HEX, LOWER, MIXED, b64, drawn

WORD = "swordfish"
PLAIN = "Winter" + "24x"
ODD = "W!nter" + "#24"
LONG = drawn("carried", MIXED, 40)
HEXED = drawn("carried hex", HEX, 32)


class Carried(NamedTuple):
    """A value with a credential in it, the credential, and the place where it must be found."""

    name: str
    value: Any
    secret: str
    at: list[str | int]


COMMANDS = {
    "mysql -h db -uroot -p{} shop": WORD,
    "mysql -h db -u root -p'{}' shop": ODD,
    'mysqldump --single-transaction -u root -p"{}" shop > dump.sql': ODD,
    "mariadb -u root -p{} -e 'select 1'": PLAIN,
    "mysqladmin -u root password '{}'": PLAIN,
    "docker exec -i db mysql -uroot -p{} shop < dump.sql": WORD,
    "docker login -u mia -p {} registry.invalid": WORD,
    "docker login registry.invalid --username mia -p '{}'": ODD,
    "podman login -u mia -p {} quay.invalid": WORD,
    "helm registry login -u mia -p {} registry.invalid": WORD,
    "echo {} | docker login -u mia --password-stdin": WORD,
    "echo '{}' | sudo -S apt-get update": WORD,
    "echo 'mia:{}' | chpasswd": WORD,
    "oc login https://api.invalid:6443 -u mia -p {}": WORD,
    "cf login -a https://api.invalid -u mia -p {}": WORD,
    "az login --service-principal -u 1b2c -p {} --tenant shop": PLAIN,
    "docker run -d -e POSTGRES_PASSWORD={} postgres:16": WORD,
    "docker build --build-arg NPM_TOKEN={} .": LONG,
    "kubectl create secret generic db --from-literal=password={}": WORD,
    "kubectl create secret generic db --from-literal=user=mia --from-literal=db={}": PLAIN,
    "kubectl create secret generic db --from-literal login='{}'": ODD,
    "kubectl create secret docker-registry r --docker-username=mia --docker-password={}": WORD,
    "kubectl config set-credentials mia --token={}": LONG,
    "helm upgrade db bitnami/postgresql --set auth.username=mia,auth.postgresPassword={}": WORD,
    "helm install db x --set-string 'global.redis.password={}'": WORD,
    "aws configure set aws_secret_access_key {}": LONG,
    "aws configure set aws_session_token {} --profile x": LONG,
    "aws secretsmanager create-secret --name db --secret-string {}": PLAIN,
    "aws ssm put-parameter --name /shop/db/password --type SecureString --value {}": PLAIN,
    "aws rds create-db-instance --master-username mia --master-user-password {}": WORD,
    "az keyvault secret set --vault-name v --name db --value {}": PLAIN,
    "gh secret set DB_PASSWORD --body {}": PLAIN,
    "gh secret set DB_PASSWORD -b '{}'": WORD,
    "echo {} | gh auth login --with-token": HEXED,
    "gh auth login --with-token <<< {}": HEXED,
    "echo -n '{}' | gcloud secrets create db --data-file=-": PLAIN,
    "sshpass -p '{}' ssh mia@host": WORD,
    "sshpass -p{} scp a.csv mia@host:": WORD,
    "openssl enc -aes-256-cbc -d -in a.enc -pass pass:{}": WORD,
    "openssl pkcs12 -in a.p12 -nodes -passin pass:{}": WORD,
    "openssl enc -aes-256-cbc -k {} -in a": WORD,
    "git clone https://{}@git.invalid/o/r.git": LONG,
    "git clone https://mia:{}@git.invalid/o/r.git": WORD,
    "redis-cli -h cache -a {} ping": WORD,
    "redis-cli -u redis://default:{}@cache:6379": WORD,
    "mongosh db.invalid/shop -u mia -p {}": WORD,
    "mongodump --host db -u mia --password={}": WORD,
    "mongosh 'mongodb+srv://mia:{}@cluster.invalid/shop'": WORD,
    "htpasswd -b .htpasswd mia {}": WORD,
    "htpasswd -Bbn mia '{}'": WORD,
    "ansible-playbook site.yml --extra-vars 'db_password={}'": WORD,
    "ansible-playbook site.yml -e ansible_become_pass={}": WORD,
    "terraform apply -var='db_password={}' -auto-approve": WORD,
    "TF_VAR_db_password={} terraform apply": WORD,
    "npm config set //registry.invalid/:_authToken {}": HEXED,
    "echo '//registry.invalid/:_authToken={}' > .npmrc": HEXED,
    "pip install --index-url https://mia:{}@pypi.invalid/simple shop": WORD,
    "twine upload -u __token__ -p {} dist/*": PLAIN,
    "psql 'host=db user=mia password={} dbname=shop'": WORD,
    "PGPASSWORD={} psql -h db -p 5432": WORD,
    "curl -u mia:{} https://x.invalid": WORD,
    "curl -F user=mia -F password={} https://x.invalid/login": WORD,
    "curl -d 'user=mia&password={}' https://x.invalid/login": WORD,
    "curl -H 'PRIVATE-TOKEN: {}' https://git.invalid/api/v4/projects": HEXED,
    "curl --oauth2-bearer {} https://x.invalid": HEXED,
    "http -a mia:{} GET https://x.invalid": WORD,
    "wget --user=mia --http-password={} https://x.invalid/a": WORD,
    "smbclient //srv/share -U mia%{} -c ls": WORD,
    "mount -t cifs //srv/share /mnt -o username=mia,password={}": WORD,
    "lftp -u mia,{} sftp://host": WORD,
    "unzip -P {} a.zip": WORD,
    "zip -r -P {} a.zip dir": WORD,
    "7z x a.7z -p{}": WORD,
    "gpg --batch --passphrase {} -d a.gpg": WORD,
    "pdftk a.pdf input_pw {} output b.pdf": WORD,
    "ldapsearch -x -D cn=admin,dc=x -w {} -b dc=x": WORD,
    "sqlcmd -S db -U sa -P {} -Q 'select 1'": WORD,
    "cqlsh -u mia -p {} host": WORD,
    "mosquitto_pub -h mq -u mia -P {} -t a -m b": WORD,
    "vault login {}": LONG,
    "vault kv put secret/db value={}": PLAIN,
    "rabbitmqctl add_user mia {}": WORD,
    "keytool -list -keystore a.jks -storepass {}": WORD,
    "plink -ssh mia@host -pw {} ls": WORD,
    "xfreerdp /v:host /u:mia /p:{}": WORD,
    "net user mia {} /add": PLAIN,
    "nmcli dev wifi connect Home password {}": WORD,
    "heroku config:set SECRET_KEY={}": LONG,
    "airflow connections add db --conn-type postgres --conn-password {}": WORD,
    "airflow users create -u mia -r Admin -p {} -e a@b.invalid": WORD,
    "mc alias set shop https://s3.invalid ACCESS {}": PLAIN,
    "poetry config http-basic.shop mia {}": WORD,
    "poetry config pypi-token.shop {}": HEXED,
    "dotnet user-secrets set 'Db:Password' '{}'": WORD,
    "pulumi config set --secret dbPassword {}": WORD,
    "wandb login {}": HEXED,
    "ngrok config add-authtoken {}": LONG,
    "bash -c \"docker login -u mia -p {} registry.invalid\"": WORD,
    "cd /srv && mysql -u root -p{} shop | head": WORD,
    "ConvertTo-SecureString '{}' -AsPlainText -Force": ODD,
}  # fmt: skip

CODE = {
    'page.fill("#password", "{}")': WORD,
    "await page.getByLabel('Password').fill('{}');": WORD,
    'page.get_by_placeholder("Your password").press_sequentially("{}", delay=50)': WORD,
    "page.locator(\"input[name='password']\").type(\"{}\")": WORD,
    'driver.find_element(By.ID, "password").send_keys("{}")': WORD,
    "driver.find_element(By.CSS_SELECTOR, \"input[type='password']\").send_keys('{}')": WORD,
    "password_field.send_keys('{}')": WORD,
    "cy.get('[data-test=password]').type('{}{{enter}}')": PLAIN,
    "await page.type('#login-password', '{}')": WORD,
    "document.querySelector('#password').value = '{}';": WORD,
    "document.getElementById(\"pwd\").value = \"{}\"": WORD,
    'requests.get(url, auth=("mia", "{}"))': WORD,
    "session.auth = ('mia', '{}')": WORD,
    'requests.get(url, auth=HTTPBasicAuth("mia", "{}"))': WORD,
    'client = httpx.Client(auth=httpx.BasicAuth(username="mia", password="{}"))': WORD,
    "smtp.login('mia@x.invalid', '{}')": WORD,
    'boto3.client("s3", aws_access_key_id="x", aws_secret_access_key="{}")': LONG,
    'os.environ["DB_PASSWORD"] = "{}"': WORD,
    'os.environ.setdefault("DB_PASSWORD", "{}")': WORD,
    'monkeypatch.setenv("SHOP_TOKEN", "{}")': HEXED,
    'pymysql.connect(host="db", user="mia", passwd="{}")': WORD,
    'conn = DriverManager.getConnection("jdbc:postgresql://db/shop", "mia", "{}");': WORD,
    'dataSource.setPassword("{}");': WORD,
    "req.setRequestHeader('X-Api-Key', '{}')": HEXED,
    'subprocess.run(["docker", "login", "-u", "mia", "-p", "{}"])': WORD,
    'subprocess.run(["mysql", "-uroot", "-p{}", "shop"])': WORD,
    'user.set_password("{}")': WORD,
    'data = {{"username": "mia", "password": "{}"}}': WORD,
}  # fmt: skip

TEXTS = {
    "db:\n  password: |\n    {}\n  port: 1\n": WORD,
    "db:\n  password: >-\n    {}\n": WORD,
    "token: |\n  {}\nport: 1": LONG,
    "env:\n  - name: DB_PASSWORD\n    value: {}\n  - name: PORT\n": WORD,
    'env:\n- {{name: DB_PASSWORD, value: "{}"}}': WORD,
    "environment:\n  - DB_PASSWORD={}\n": WORD,
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  db: {}\n": PLAIN,
    "passwords:\n  mia: {}\n": PLAIN,
    "DEBUG=1\nDB_PASSWORD={}\n": WORD,
    "DB_PASSWORD='{}'\n": ODD,
    "spring.datasource.username=mia\nspring.datasource.password={}\n": WORD,
    "[db]\nuser = mia\npassword = {}\n": WORD,
    '[db]\npassword = """\n{}\n"""': WORD,
    "<config><db password='{}'/></config>": WORD,
    '<property name="password" value="{}"/>': WORD,
    '<add key="ApiKey" value="{}" />': HEXED,
    "<property><name>fs.s3a.secret.key</name><value>{}</value></property>": LONG,
    '<entry key="password">{}</entry>': WORD,
    "<key>password</key>\n<string>{}</string>": WORD,
    "<password><![CDATA[{}]]></password>": WORD,
    '<input type="password" name="pw" value="{}">': WORD,
    '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{}\r\n--b--': WORD,
    '--b\nContent-Disposition: form-data; name="token"\nContent-Type: text/plain\n\n{}\n--b--': HEXED,
    "machine x.invalid login mia password {}": WORD,
    "db.invalid:5432:shop:mia:{}": WORD,
    "user,password\nmia,{}\ntom,x": PLAIN,
    "| user | password |\n| --- | --- |\n| mia | {} |": PLAIN,
    "requirepass {}": PLAIN,
    "[Interface]\nPresharedKey = {}": b64(LONG[:32]),
    'network={{\n  ssid="Home"\n  psk="{}"\n}}': WORD,
    "_auth={}": b64("mia:" + WORD),
    '[["DB_PASSWORD", "{}"], ["PORT", "80"]]': WORD,
}

STATEMENTS = {
    "INSERT INTO users (name, password) VALUES ('mia', '{}')": WORD,
    "insert into shop.users(id, name, passwd, at) values (1, 'O''Hara, Mia', '{}', now())": WORD,
    "INSERT INTO `users` (`password`, `name`) VALUES ('x-1', 'tom'), ('{}', 'mia')": WORD,
    "INSERT INTO settings (name, value) VALUES ('smtp_password', '{}')": WORD,
    "CREATE USER mia WITH PASSWORD '{}'": WORD,
    "CREATE USER 'mia'@'%' IDENTIFIED BY '{}'": WORD,
    "ALTER ROLE mia PASSWORD '{}'": WORD,
    "SET PASSWORD FOR 'mia'@'%' = '{}'": WORD,
    "SET PASSWORD = '{}'": WORD,
    "ALTER USER mia IDENTIFIED BY 'x1x' REPLACE '{}'": WORD,
    "UPDATE users SET password = crypt('{}', gen_salt('bf')) WHERE id = 1": WORD,
    "UPDATE users SET password = MD5('{}') WHERE name = 'mia'": WORD,
    "SELECT * FROM users WHERE name = 'mia' AND password = '{}'": WORD,
    "EXEC sp_addlogin 'mia', '{}'": WORD,
    "SELECT * FROM postgresql('db:5432', 'shop', 'orders', 'mia', '{}')": WORD,
    "CHANGE REPLICATION SOURCE TO SOURCE_USER='mia', SOURCE_PASSWORD='{}'": WORD,
}

URLS = {
    "https://api.telegram.org/bot{}/sendMessage": "123456789:" + "AA" + drawn("tg", MIXED, 33),
    "https://api.telegram.org/file/bot{}/a.jpg": "987654321:" + drawn("tg2", MIXED, 35),
    "https://maker.ifttt.com/trigger/x/with/key/{}": drawn("ifttt", MIXED, 22),
    "https://mainnet.infura.io/v3/{}": HEXED,
    "https://chat.invalid/hooks/{}": drawn("mattermost", LOWER, 26),
    "https://hook.eu1.make.com/{}": drawn("make", LOWER, 32),
    "https://events.pagerduty.com/integration/{}/enqueue": HEXED,
    "https://x.logic.azure.com/workflows/1/triggers/manual/paths/invoke?sp=%2F&sig={}": drawn("sas", MIXED, 43),
    "https://influx.invalid:8086/write?db=shop&u=mia&p={}": PLAIN,
    "https://zoom.invalid/j/99?pwd={}": PLAIN,
    "s3://AKIAQ3EGRIVER7EXAMPL:{}@bucket/orders.csv": LONG,
    "kafka://mia:{}@broker:9092/orders": WORD,
    "jdbc:mysql://db/shop?user=mia&password={}": WORD,
    "jdbc:mysql://mia:{}@db/shop": WORD,
    "Driver={{ODBC Driver 18}};Server=db;UID=mia;PWD={};": WORD,
    "Driver=x;UID=mia;PWD={{{}}};Server=db": ODD,
    "Server=db;Database=shop;User ID=mia;Password={}": WORD,
    "amqps://mia:{}@mq.invalid/vhost": WORD,
    "mongodb://mia:{}@a:27017,b:27017/shop?replicaSet=r": WORD,
    "sqlite+pysqlcipher://:{}@/shop.db": WORD,
    "oracle://scott/{}@db:1521/x": WORD,
}

DATA: dict[str, tuple[Any, str, list[str | int]]] = {
    "list of pairs": ([["DB_PASSWORD", WORD], ["PORT", "80"]], WORD, [0, 1]),
    "list of lower pairs": ({"env": [["PORT", "80"], ["db_password", WORD]]}, WORD, ["env", 1, 1]),
    "pair": (["api_key", HEXED], HEXED, [1]),
    "header list": ({"headers": [["PRIVATE-TOKEN", HEXED]]}, HEXED, ["headers", 0, 1]),
    "header texts": ({"headers": [f"PRIVATE-TOKEN: {HEXED}"]}, HEXED, ["headers", 0]),
    "name and value": ([{"name": "DB_PASSWORD", "value": WORD}], WORD, [0, "value"]),
    "key and string value": ([{"Key": "password", "StringValue": WORD}], WORD, [0, "StringValue"]),
    "below password": ({"password": {"db": PLAIN}}, PLAIN, ["password", "db"]),
    "below passwords": ({"passwords": {"mia": WORD}}, WORD, ["passwords", "mia"]),
    "below credentials": ({"credentials": {"user": "mia", "login": PLAIN}}, PLAIN, ["credentials", "login"]),
    "below secrets": ({"secrets": {"db": {"main": PLAIN}}}, PLAIN, ["secrets", "db", "main"]),
    "new and old password": ({"password": {"old": "x1y2", "new": WORD}}, WORD, ["password", "new"]),
    "auth of two": ({"url": "/x", "auth": ["mia", WORD]}, WORD, ["auth", 1]),
    "basic auth": ({"basic_auth": f"mia:{WORD}"}, WORD, ["basic_auth"]),
    "docker config": ({"auths": {"r": {"auth": b64("mia:" + WORD)}}}, b64("mia:" + WORD), ["auths", "r", "auth"]),
    "kubernetes secret": ({"kind": "Secret", "stringData": {"db": PLAIN}}, PLAIN, ["stringData", "db"]),
    "playwright fill": ({"selector": "#password", "value": WORD}, WORD, ["value"]),
    "playwright mcp": ({"element": "Password textbox", "ref": "e5", "text": "sword fish 9"}, "sword fish 9", ["text"]),
    "fill form": ({"fields": [{"name": "Password", "ref": "e6", "value": WORD}]}, WORD, ["fields", 0, "value"]),
    "selenium": ({"by": "css", "locator": "input[type=password]", "keys": WORD}, WORD, ["keys"]),
    "selenium mcp": ({"by": "name", "value": "password", "text": WORD}, WORD, ["text"]),
    "xpath": ({"xpath": "//input[@id='user-password']", "text": WORD}, WORD, ["text"]),
    "label": ({"action": "type", "label": "Your password", "text": WORD}, WORD, ["text"]),
    "arguments of fill": ({"method": "fill", "args": ["#password", WORD]}, WORD, ["args", 1]),
    "words of a command": (["docker", "login", "-u", "mia", "-p", WORD], WORD, [5]),
    "word of a command": (["mysql", "-uroot", f"-p{WORD}", "shop"], WORD, [2]),
    "option and value in one": ({"argv": ["tool", f"--password={WORD}"]}, WORD, ["argv", 1]),
    "columns and rows": (
        {"columns": ["name", "password"], "rows": [["mia", WORD]]}, WORD, ["rows", 0, 1]),
    "parameters of a statement": (
        {"sql": "INSERT INTO u (name, password) VALUES (%s, %s)", "params": ["mia", WORD]}, WORD, ["params", 1]),
    "har form": (
        {"postData": {"params": [{"name": "password", "value": WORD}]}}, WORD, ["postData", "params", 0, "value"]),
    "form in text": ({"body": f"user=mia&password={WORD}"}, WORD, ["body"]),
    "yaml in text": ({"body": f"db:\n  password: |\n    {WORD}\n"}, WORD, ["body"]),
    "pairs in text": ({"body": json.dumps([["DB_PASSWORD", WORD]])}, WORD, ["body"]),
}  # fmt: skip


def carried() -> list[Carried]:
    """Return the whole table."""
    tables = {"command": COMMANDS, "code": CODE, "text": TEXTS, "sql": STATEMENTS, "url": URLS}
    found = [
        Carried(f"{place} {form}"[:90], {place: form.format(secret)}, secret, [place])
        for place, table in tables.items()
        for form, secret in table.items()
    ]
    return found + [Carried(f"data {name}", *entry) for name, entry in DATA.items()]
