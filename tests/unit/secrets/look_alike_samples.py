"""Harmless values that look like the everyday places of credentials: the same options, words and forms."""

from __future__ import annotations

from typing import Any

from tests.unit.secrets.secret_samples import HEX, b64, drawn

COMMANDS = """
docker run -p 8080:80 nginx
docker run -d --name mysql -p3306:3306 mysql:8
docker run -u 1000 -p 127.0.0.1:5432:5432/tcp postgres:16
docker run --rm -e DB_PASSWORD -e DB_USER=mia shop
docker compose -p shop up -d
docker login registry.invalid
docker login -u mia -p $REGISTRY_PASSWORD registry.invalid
docker login -u mia -p "${REGISTRY_PASSWORD}" registry.invalid
docker login -u mia --password-stdin < /run/secrets/registry
cat password.txt | docker login -u mia --password-stdin
echo "$TOKEN" | docker login -u mia --password-stdin
docker push registry.invalid/login:2024-06
mkdir -p build/reports/2024
mkdir -p data && cp -p a.csv data
cp -rp src dst
ssh -p 22 mia@host
ssh -p 2222 -i ~/.ssh/id_rsa mia@host uptime
scp -P 2222 a.csv mia@host:/srv
rsync -avz -u -p src/ dst/
python -u train.py -p config2.yaml
python -u app.py -p 8080
uv run -p 3.12 pytest -p no:cacheprovider
pytest -p xdist -n 2 tests
journalctl -u nginx -p err
sudo -u postgres psql -p 5432 shop
psql -h db -p 5432 -U mia -d shop
mysql -h db -P 3306 -u root -p
mysql -u root -p shop < dump.sql
mysqldump -u root -p"$MYSQL_PASSWORD" shop
mysql --defaults-extra-file=/run/my.cnf -e 'select 1'
sshpass -f /run/password ssh mia@host
sshpass -e ssh mia@host
redis-cli -h cache -p 6379 ping
redis-cli -a "$REDIS_PASSWORD" ping
mongosh --port 27017 -u mia --password shop.invalid
mongosh -u mia -p "$MONGO_PASSWORD" shop
openssl enc -aes-256-cbc -pass env:KEY -in a
openssl enc -aes-256-cbc -pass file:/run/key -in a
openssl rand -base64 32
unzip -p a.zip orders.csv
unzip -d out a.zip
7z x a.7z -oout
tar -xpf a.tar
zip -r a.zip dir
kubectl create secret generic db --from-literal=password=$DB_PASSWORD
kubectl create secret generic db --from-file=./password.txt
kubectl create secret generic db --from-literal=username=mia
kubectl get secret db -o jsonpath={.data.password}
kubectl port-forward svc/login -p 8080
kubectl delete pod -l app=login
helm upgrade shop ./chart --set replicas=3,image.tag=2024.06
helm upgrade shop ./chart --set auth.existingSecret=db
aws configure set region eu-west-1
aws configure list
aws ssm get-parameter --name /shop/db/password --with-decryption
aws secretsmanager get-secret-value --secret-id prod/db
aws s3 cp s3://bucket/password-policy.pdf .
az keyvault secret show --vault-name v --name db
gh secret list
gh secret set DB_PASSWORD < password.txt
gh auth login --web
gh auth token
git push -u origin feature/login-2024
git config --global user.name Mia
git config --global credential.helper store
git commit -m 'Set the password policy to 12 characters'
git log -p src/auth.py
htpasswd -c .htpasswd mia
ansible-playbook site.yml --ask-vault-pass
ansible-playbook site.yml -e @secrets.yml
terraform apply -var region=eu-west-1
terraform apply -var="db_password=${DB_PASSWORD}"
npm config set registry https://registry.invalid
npm install --save bcrypt@5.1.1
pip install -i https://pypi.invalid/simple shop
curl -u "$USER:$PASSWORD" https://x.invalid
curl -u mia https://x.invalid
curl -F file=@password.txt https://x.invalid
curl -p -X POST https://x.invalid/v1/token
vault login -method=oidc
vault kv get secret/db
vault kv put secret/db password=@file
rabbitmqctl list_users
ldapsearch -x -W -D cn=admin,dc=x -b dc=x
lsof -i -P -n
nmap -p 80,443,8000-8100 host
cargo build -p shop-api2
cargo test -p login --release
go test -p 4 ./...
ps -u mia -p 4711
useradd -u 1001 -m mia
passwd mia
net user mia
net use Z: \\\\srv\\share
xfreerdp /v:host /u:mia
bw login mia@x.invalid
echo hello | sudo tee /etc/motd
echo vm.swappiness=10 | sudo tee -a /etc/sysctl.conf
ssh mia@host "echo started | sudo tee /tmp/a"
(echo begin; date) | tee log.txt
echo hello; cat pw.txt | sudo -S whoami
sudo -S
sudo -S apt update
sudo -S apt update < pw.txt
echo $PW | sudo -S apt update
printf '%s\n' "$PW" | sudo -S whoami
echo 'We use sudo -S here.'
echo "select 1" | su - postgres -c psql
echo root | grep passwd
echo hello | passwd-check
yes | sudo apt install nginx
net user mia /delete
net user mia /add /domain
kinit -kt /etc/mia.keytab mia
zip -rP
expect "yes/no"; send "yes\r"
expect "login:"; send "mia\r"
expect "assword:"; send "$env(PW)\r"
expect "assword:"; interact
I expect "password" to be sent, and you send "hello" back.
expect(result).to.equal("password"); send("done")
apt install sshpass=1.09-1 redis-tools
echo done | tee log.txt
echo 'select 1' | psql -h db
snyk auth
wandb login
cat /etc/passwd | grep root
find . -name '*.py' -print
sed -n 1,20p file.py
7z a -p a.7z dir
set -euo pipefail
""".strip().splitlines()

CODE = r"""
page.fill("#username", "mia.lopez")
page.fill("#search", "password manager")
page.get_by_label("Password").fill(os.environ["DB_PASSWORD"])
page.get_by_label("Password").fill(password)
page.get_by_label("Password").click()
page.get_by_text("Forgot password?").click()
expect(page.locator("#password-error")).to_have_text("Required")
page.locator("#password-hint").type("12 characters")
driver.find_element(By.ID, "username").send_keys("mia")
driver.find_element(By.ID, "password").send_keys(Keys.RETURN)
driver.find_element(By.ID, "password").send_keys(secret)
document.querySelector("#email").value = "mia@x.invalid"
document.querySelector("#password").value = ""
requests.get(url, auth=(user, password))
requests.get(url, auth=HTTPBasicAuth(user, os.environ["PASSWORD"]))
requests.get(url, auth=("mia", os.environ["PASSWORD"]))
smtp.login(user, password)
os.environ["DB_PASSWORD"]
os.getenv("DB_PASSWORD", "")
os.environ.get("API_TOKEN", default)
config.get("password", "default")
assertEqual("password", "email")
df[["token", "created_at"]]
df.select("password", "email")
df.drop(columns=["password", "api_key"])
unique_together = [["token", "user_id"]]
Index("password", "created_at")
register("token", TokenView)
path("password_reset", views.reset, name="reset")
t("password.label")
user.set_password(new_password)
user.check_password(form.password)
user.set_password("")
getpass.getpass("Password: ")
input("Enter the API token: ")
raise ValueError("password too short")
print("token", "=", token)
print("password", "changed")
logger.info("password %s", "***")
login_required(function)
self.client.login("mia", password)
from auth import login, logout, password
def fill(selector: str, password: str) -> None: ...
secrets.token_urlsafe(32)
hashlib.sha256(password.encode()).hexdigest()
""".strip().splitlines()

TEXTS = [
    'spawn ssh h\nexpect "assword:"\nsend "$pw\\r"\nexpect "$ "\nsend "uname -a\\r"\n',
    "cat << EOF > notes.txt\nhello2you\nEOF\nsudo -S true",
    "cat << EOF | sudo tee a.txt\nhello2you\nEOF",
    "std::cout << sudo << endl;\nx = 1;",
    "password: |\n",
    "description: |\n  Your password must have 12 characters.\n",
    "password: >\n  The password of the user, at least 12 characters.\n",
    "password:\n  min_length: 12\n  policy: strict2\n  hash: bcrypt\n",
    "passwords:\n  policy: strict\n  min_length: 12\n",
    "passwords:\n  mia: ${MIA_PASSWORD}\n",
    "secrets:\n  db:\n    file: ./db_password.txt\n  api:\n    external: true\n",
    "credentials:\n  - id: docker-hub\n    type: username\n",
    "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: db\n        key: password\n",
    "env:\n  - name: DB_PASSWORD\n    value: $(DB_PASSWORD)\n",
    "env:\n  - name: PORT\n    value: 8080\n",
    "kind: Secret\nmetadata:\n  name: db-2024x\n  namespace: shop\ntype: Opaque\n",
    "kind: ConfigMap\ndata:\n  region: eu-west-1a\n",
    "inputs:\n  token:\n    description: The token to use\n    required: true\n",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "environment:\n  - DB_PASSWORD\n  - DB_USER=mia\n",
    "DB_PASSWORD=\nDB_USER=mia\n",
    "DB_PASSWORD=changeme_in_vault()\n",
    '<input type="password" name="password" placeholder="Your password">',
    '<input type="text" name="user" value="mia2024">',
    '<input type="password" name="pw" value="{{ password }}">',
    '<label for="password">Password</label><span id="password-error">At least 12 characters</span>',
    '<string name="password">Passwort eingeben</string>',
    '<string name="token_title">Token 2024</string>',
    '<property name="password" value="${db.password}"/>',
    '<add key="Region" value="eu-west-1" />',
    "<key>password</key>\n<true/>",
    '<xs:element name="password" type="xs:string"/>',
    '--b\r\nContent-Disposition: form-data; name="file"; filename="password.txt"\r\n\r\nreport 2024\r\n--b--',
    '--b\r\nContent-Disposition: form-data; name="user"\r\n\r\nmia2024\r\n--b--',
    "machine x.invalid login mia",
    "enter your login and password to continue",
    "src/a.py:12:80:E501:too long",
    "10:5432:a:b",
    "user,email\nmia,mia2024@x.invalid",
    "column,type\npassword,varchar(64)\ntoken,text",
    "name,password,token\n",
    "user,password\nmia,***\ntom,",
    "| field | required |\n| --- | --- |\n| password | yes |",
    "| password | policy |\n| --- | --- |\n| min length | 12 |",
    '["password", "email"]',
    '["token", "oauth2"]',
    '[["password", "email"], ["user", "login"]]',
    "tokens used: 512, password attempts: 3",
    "Set the password length to 12 and the token lifetime to 3600.",
    "The password policy requires 12 characters, 1 digit and 1 symbol.",
    "Please type your password into the field called password.",
    "Password *\nConfirm password *\nSign in",
    "set password policy strict2024",
    'lodash@^4.17.21:\n  version "4.17.21"\n  integrity sha512-' + b64(bytes(range(64))),
    'name = "idna"\nsource = "registry"\nhash = "sha256:' + drawn("lock", HEX, 64) + '"',
    "--hash=sha256:" + drawn("pip", HEX, 64),
    "https://api.telegram.org/bot<token>/sendMessage",
    "https://api.telegram.org/bot123456789/sendMessage",
    "https://x.invalid/key/reports",
    "https://x.invalid/token/refresh/2024",
    "https://x.invalid/key/" + "-".join([drawn("k1", HEX, 8), "4a1b", "4c2d", "8e3f", drawn("k2", HEX, 12)]),
    "https://x.invalid/hooks/orders-created",
    "https://x.invalid/list?u=mia&p=2",
    "https://x.invalid/list?page=2&p=12",
    "https://x.invalid/?q=auth&u=mia",
    "s3://bucket:key@2024/orders.csv"[:11] + "/orders@2024.csv",
    "Driver=x;UID={user};PWD={password}",
    "connect to db.invalid:5432 as mia",
    "oracle://db:1521/x",
]

STATEMENTS = """
INSERT INTO users (name) VALUES ('mia2024')
INSERT INTO users (name, password) VALUES (?, ?)
INSERT INTO users (name, password) VALUES ('mia', NULL)
INSERT INTO users (name, password) VALUES ('mia', :password)
INSERT INTO users (name, password) SELECT name, password FROM old_users2
INSERT INTO users (id, password_changed_at) VALUES (1, '2024-06-30')
INSERT INTO settings (name, value) VALUES ('region', 'eu-west-1')
INSERT INTO labels (key, value) VALUES ('password', 'Password')
CREATE USER mia
ALTER ROLE mia VALID UNTIL '2030-01-01'
ALTER TABLE users ALTER COLUMN password TYPE varchar(64)
SET PASSWORD = ?
SET password_encryption = 'scram-sha-256'
SELECT password FROM users WHERE name = 'mia2024'
SELECT md5('orders') FROM t
UPDATE users SET password = crypt(:password, gen_salt('bf'))
SELECT encrypt(payload, key) FROM t
SELECT * FROM postgresql('db:5432', 'shop', 'orders')
SELECT 'password' AS field, 'email2' AS other
GRANT SELECT ON users TO mia
""".strip().splitlines()

DATA: list[Any] = [
    {"columns": ["password", "token"]},
    {"columns": ["password", "email"]},
    {"rows": [["password", "email"], ["a", "b"]]},
    {"columns": ["name", "password"], "rows": [["mia", None], ["tom", "***"]]},
    {"columns": ["name", "size"], "rows": [["mia2024", "Large9"]]},
    {"index": ["token", "created_at"]},
    {"selector": "#password"},
    {"selector": "#password", "value": ""},
    {"selector": "#password", "value": "{{ password }}"},
    {"selector": "#password-error", "text": "Required2"},
    {"selector": "#password", "attribute": "placeholder2"},
    {"selector": "#username", "value": "mia2024"},
    {"element": "Password textbox", "ref": "e5"},
    {"element": "Forgot password link", "text": "Forgotten2"},
    {"element": "Show password button", "button": "left"},
    {"label": "Password", "type": "password", "placeholder": "Enter your password", "value": ""},
    {"label": "Password", "value": "password"},
    {"label": "Your password", "text": "Your password has been changed."},
    {"title": "Password reset", "text": "Dear Mia2024"},
    {"key": "login.password", "value": "Enter your password"},
    {"key": "login.password", "value": "Passwort"},
    {"password": {"type": "string", "minLength": 12, "pattern": "^[A-Za-z0-9]{12,}$"}},
    {"password": {"label": "Password 2", "placeholder": "At least 12", "error": "Too short1"}},
    {"password": {"policy": "strict2", "algorithm": "argon2id", "min_length": 12}},
    {"passwords": {"policy": "strict", "expiry": "90d"}},
    {"credentials": {"user": "mia2024", "type": "basic", "host": "db2.invalid"}},
    {"secrets": [{"name": "db", "created_at": "2024-06-30T12:00:00Z"}]},
    {"secretKeyRef": {"name": "db2", "key": "password"}},
    {"kind": "Secret", "metadata": {"name": "db-2024x"}, "type": "Opaque"},
    {"kind": "ConfigMap", "data": {"region": "eu-west-1a"}},
    {"auth": ["basic", "bearer"]},
    {"auth": ["read", "write"]},
    {"auth": "read:user"},
    {"auth": {"type": "oauth2", "flow": "pkce"}},
    {"auths": {"r": {}}},
    ["docker", "run", "-p", "8080:80", "nginx"],
    ["mkdir", "-p", "build2"],
    ["ssh", "-p", "2222", "mia@host"],
    ["mysql", "-uroot", "-p", "shop"],
    ["docker", "login", "-u", "mia", "-p", "$TOKEN"],
    ["tool", "--password-file", "/run/password"],
    {"sql": "INSERT INTO u (name, age) VALUES (%s, %s)", "params": ["mia2024", "Old9"]},
    {"fields": [{"name": "Username", "ref": "e4", "value": "mia2024"}]},
    {"by": "name", "value": "password"},
    {"required": ["user", "password"]},
    {"scopes": ["token", "openid2"]},
]  # fmt: skip


def look_alikes() -> list[tuple[str, Any]]:
    """Return the whole table: a name and a JSON value each."""
    texts = {"command": COMMANDS, "code": CODE, "text": TEXTS, "sql": STATEMENTS}
    found = [(f"{place} {text}"[:60], {place: text}) for place, table in texts.items() for text in table]
    return [*found, *((f"data {value}"[:60], value) for value in DATA)]
